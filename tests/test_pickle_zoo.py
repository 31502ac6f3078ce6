"""CPython's own tests of pickle, with the objects that they think of, through `dumps` and `loads`."""

import unittest

import pytest

import holdall

zoo = pytest.importorskip("test.pickletester", reason="this Python comes without its test package")

ELSEWHERE = {
    "test_bad_getattr": "the error is for protocols 0 and 1",
    "test_c_methods": "static methods are refused by pickle, and kept by cloudpickle",
    "test_py_methods": "the same",
    "test_compat_pickle": "for Python 2",
    "test_pickle_to_2x": "the same",
    "test_float_format": "for protocol 0",
    "test_global_ext1": "reads the bytes of protocol 1",
    "test_global_ext2": "the same",
    "test_global_ext4": "the same",
    "test_int_pickling_efficiency": "for protocol 0",
    "test_local_lookup_error": "local functions are refused by pickle, and kept by cloudpickle",
    "test_nested_lookup_error": "the same",
    "test_lookup_error": "the same",
    "test_unpickleable_lambda": "the same",
    "test_picklebuffer_error": "for protocol 4",
    "test_framed_write_sizes_with_delayed_writer": "wants a pickler",
    "test_framing_large_objects": "the same",
    "test_evil_pickler_mutating_collection": "the same",
    "test_in_band_buffers": "takes the smallest buffers out, which stay in here",
    "test_oob_buffers": "the same",
    "test_oob_buffers_writable_to_readonly": "the same",
    "test_buffers_error": "the same",
    "test_buffer_callback_error": "the same",
    "test_buffers_numpy": "the same",
    "test_inband_accept_default_buffers_argument": "the same",
}
# These look at opcodes, which a frame has none of, and other codecs than pickle neither.
OPCODES = {
    "test_appends_on_non_lists", "test_bytearray", "test_bytearray_memoization", "test_bytes_memoization", "test_unicode_memoization",
    "test_complex_newobj", "test_complex_newobj_ex", "test_dict_chunking", "test_framing_many_objects",
    "test_list_chunking", "test_long1", "test_long4", "test_optional_frames", "test_proto",
    "test_set_chunking", "test_setitems_on_non_dicts", "test_short_tuples", "test_simple_newobj", "test_singletons",
}  # fmt: skip


class Through(zoo.AbstractPickleTests):
    """CPython's tests, with the one protocol that there is."""

    @pytest.fixture(autouse=True)
    def one_protocol(self, monkeypatch):
        monkeypatch.setattr(zoo, "protocols", (5,))

    def dumps(self, value, proto=None, **options):
        if options:
            self.skipTest("buffers are not the business of dumps()")
        try:
            return holdall.dumps(value, **self.writing)
        except holdall.SerializationError as error:
            # What the tests expect is what pickle raised.
            raise error.__cause__ from error

    def loads(self, data, **options):
        try:
            return holdall.loads(data, **self.reading)
        except holdall.SerializationError as error:
            raise error.__cause__ from error


class TestPickle(Through, unittest.TestCase):
    """Bare pickles."""

    writing = {"mode": "pickle", "frame": False}
    reading = {"mode": "pickle", "frame": False, "trust": "all"}


class TestAuto(Through, unittest.TestCase):
    """Frames, with the codec that each value has."""

    writing = reading = {}


for name in ELSEWHERE:
    setattr(TestPickle, name, None)
for name in {*ELSEWHERE, *OPCODES}:
    setattr(TestAuto, name, None)


def test_the_zoo_is_not_empty():
    for kind, least in [(TestPickle, 70), (TestAuto, 50)]:
        assert (
            sum(name.startswith("test") and callable(getattr(kind, name)) for name in dir(kind))
            > least
        )
