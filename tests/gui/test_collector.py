import gc

import pytest

from e4s_studio.gui import collector


@pytest.fixture(autouse=True)
def put_back():
    yield
    gc.unfreeze()


def test_nothing_is_collected_while_much_is_loaded():
    with collector.resting():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_what_was_loaded_is_left_out_of_later_collections():
    loaded = [[number] for number in range(1000)]
    collector.leave_out()
    assert gc.get_freeze_count() >= len(loaded)
    assert not any(each is loaded for each in gc.get_objects())


def test_the_collector_works_again_after_a_failure():
    with pytest.raises(OSError, match="no module"), collector.resting():
        raise OSError("no module")
    assert gc.isenabled()
