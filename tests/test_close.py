"""close: what it leaves behind, and what is still possible."""

import pickle

import pytest

import holdall
from holdall import get_store
from models import Point
from processes import finish, start, wait_for


def test_a_clean_close_leaves_the_database_in_one_file(tmp_path):
    """Beside the empty file that writers lock, nothing is needed to copy or move it."""
    for _ in range(2):
        with get_store(f"sqlite:///{tmp_path}/a.db") as store:
            store.put("k", 1)
            store.put("active", {1})
            store.get("k")
            list(store)
        assert {path.name for path in tmp_path.iterdir()} <= {"a.db", "a.db.lock"}
    moved = tmp_path / "moved.db"
    moved.write_bytes((tmp_path / "a.db").read_bytes())
    with get_store(f"sqlite:///{moved}") as store:
        assert (store.get("k"), store.get("active")) == (1, {1})


def test_the_last_one_to_close_tidies_up(tmp_path):
    one, two = (get_store(f"sqlite:///{tmp_path}/a.db") for _ in range(2))
    one.put("k", 1)
    one.close()
    assert two.get("k") == 1
    two.put("k", 2)
    two.close()
    assert {path.name for path in tmp_path.iterdir()} <= {"a.db", "a.db.lock"}


def test_while_another_process_has_it_open_nothing_is_taken_away(tmp_path):
    uri = f"sqlite:///{tmp_path}/a.db"
    child = start(
        """
        store = get_store(sys.argv[1])
        store.put("child", 1)
        print("open", flush=True)
        sys.stdin.readline()
        store.put("later", 2)
        """,
        uri,
    )
    wait_for(child, "open")
    with get_store(uri) as store:
        store.put("parent", 1)
    child.stdin.write("\n")
    finish(child)
    with get_store(uri) as store:
        assert sorted(store) == ["child", "later", "parent"]


def test_an_unclosed_store_loses_nothing(disk_uri):
    finish(start("get_store(sys.argv[1]).put('k', (1,)); os._exit(0)", disk_uri))
    with get_store(disk_uri) as store:
        assert store.get("k") == (1,)


def test_closing_twice_is_fine_and_using_it_afterwards_is_not(store):
    store.put("k", 1)
    store.close()
    store.close()
    for call in [
        lambda: store.get("k"), lambda: store.put("k", 2), lambda: "k" in store, lambda: len(store), lambda: list(store),
        lambda: store.delete("k"), lambda: store.put_many({"k": 1}), lambda: store.info("k"), store.clear,
        lambda: store.lock("name").acquire(),
    ]:  # fmt: skip
        with pytest.raises(holdall.ValidationError, match="closed"):
            call()


def test_a_block_that_ends_in_an_error_closes_too(uri):
    with pytest.raises(ZeroDivisionError), get_store(uri) as store:
        1 / 0  # noqa: B018
    with pytest.raises(holdall.ValidationError, match="closed"):
        store.get("k")


def test_a_listing_that_outlives_its_store_ends_or_says_so(store):
    store.put_many({f"k{n}": n for n in range(1000)})
    listing = store.iterate_keys()
    next(listing)
    store.close()
    try:
        rest = set(listing)
    except holdall.ValidationError as error:
        rest = set()
        message = str(error)
    else:
        message = "closed"
    assert rest <= {f"k{n}" for n in range(1000)}
    assert "closed" in message


def test_a_copy_of_a_closed_store_is_open(disk_store):
    disk_store.put("k", Point(1))
    disk_store.close()
    with pickle.loads(pickle.dumps(disk_store)) as again:
        assert again.get("k") == Point(1)
