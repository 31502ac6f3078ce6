"""checksum: of the payload, by the algorithm that was asked for."""

import hashlib

import pytest

import holdall


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5", "blake2b", "sha3_512"])
def test_each_algorithm_is_the_one_that_was_named(store, algorithm):
    store.put("k", "hello")
    assert store.checksum("k", algorithm) == hashlib.new(algorithm, b"hello").hexdigest()


def test_the_default_is_sha256(store):
    store.put("k", {"a": 1})
    assert store.checksum("k") == hashlib.sha256(b'{"a":1}').hexdigest()


def test_the_checksum_does_not_depend_on_backend_frame_or_ttl(store):
    store.put("text", "hello")
    store.put("bytes", b"hello", ttl=100)
    assert store.checksum("text") == store.checksum("bytes")


def test_an_unknown_algorithm_is_refused(store):
    store.put("k", 1)
    with pytest.raises(ValueError, match="sha256"):
        store.checksum("k", "sha7")


def test_a_missing_key_raises(store):
    with pytest.raises(holdall.DoesNotExist):
        store.checksum("gone")
