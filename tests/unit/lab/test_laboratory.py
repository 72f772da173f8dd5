"""What a lab page is told of a growing list that it sees through a window."""

from terminal.lab.laboratory import newer


def test_only_what_was_appended_is_new_also_when_the_same_stands_there_twice() -> None:
    assert newer([], ["a", "b"]) == ["a", "b"]
    assert newer(["a", "b"], ["a", "b"]) == []
    assert newer(["a", "b"], ["a", "b", "b", "b"]) == ["b", "b"]


def test_a_window_that_moved_on_tells_the_rest_and_a_new_list_all_of_it() -> None:
    assert newer(["a", "b", "c"], ["b", "c", "d", "e"]) == ["d", "e"]
    assert newer(["a", "b"], ["x", "y"]) == ["x", "y"]
