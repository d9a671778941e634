"""The progress of long work in the terminal, or in a log."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

_LOGGED_STEPS: Final = 50
_REMEMBERED_SECONDS: Final = 600
"""The time left follows the speed of so many seconds: fine steps take longer than coarse ones."""


class StepProgress:
    """Shows steps, the time left, and losses if there are any, on stderr.

    Parameters
    ----------
    title
        What is being done: "Fitting".
    steps
        Steps in all.
    taken
        Steps taken before.
    """

    def __init__(self, title: str, steps: int, taken: int = 0) -> None:
        self._title = title
        self._console = Console(stderr=True)
        self._progress = Progress(
            TextColumn(title),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[losses]}"),
            console=self._console,
            speed_estimate_period=_REMEMBERED_SECONDS,
            disable=not self._console.is_terminal,
        )
        self._steps = steps
        self._task = self._progress.add_task(title, total=steps, completed=taken, losses="")

    def __enter__(self) -> Self:
        """Start showing."""
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop showing."""
        self._progress.stop()

    def step(self, taken: int, losses: Mapping[str, float] | None = None) -> None:
        """Show that so many steps are taken, and the last one's losses."""
        text = " ".join(f"{name} {value:.3f}" for name, value in (losses or {}).items())
        self._progress.update(self._task, completed=taken, losses=text)
        # A log has no bar to move: it gets a line now and then.
        if not self._console.is_terminal and (taken % _LOGGED_STEPS == 0 or taken == self._steps):
            line = f"{self._title}: step {taken} of {self._steps} {text}".rstrip()
            self._console.print(line, soft_wrap=True, highlight=False)


@contextmanager
def fit_progress() -> Iterator[Callable[[int, int], None]]:
    """Show how far a fit is, from its first step on; gives what to call after each step."""
    with ExitStack() as stack:
        bars: list[StepProgress] = []

        def show(taken: int, steps: int) -> None:
            if not bars:
                bars.append(stack.enter_context(StepProgress("Fitting", steps)))
            bars[0].step(taken)

        yield show
