"""A measured figure, its verdict, and the page they are written to."""

import dataclasses
import statistics


def quantile(samples, part):
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


@dataclasses.dataclass
class Figure:
    """One line of the table. `limit` is the target as a number; None means the line is only for comparison."""

    row: int
    what: str
    unit: str
    limit: float | None
    median: float
    low: float
    high: float
    n: int
    gap: str = ""
    is_at_least: bool = False
    note: str = ""

    @classmethod
    def of(cls, row, what, unit, limit, samples, **rest):
        """Median and min..max of the samples."""
        return cls(row, what, unit, limit, statistics.median(samples), min(samples), max(samples), len(samples), **rest)

    @classmethod
    def latency(cls, row, what, unit, limit, samples, **rest):
        """Median and min..p99 of many samples."""
        return cls(row, what, unit, limit, statistics.median(samples), min(samples), quantile(samples, 0.99), len(samples), **rest)

    @property
    def is_met(self):
        if self.limit is None:
            return True
        return self.median >= self.limit if self.is_at_least else self.median <= self.limit

    @property
    def target(self):
        if self.limit is None:
            return "-"
        return f"{'>=' if self.is_at_least else '<='} {number(self.limit)} {self.unit}"

    @property
    def remark(self):
        if self.limit is None:
            return self.note
        between = "Reached." if self.is_met else f"Missed: {self.gap or 'the cause has not been looked for yet.'}"
        return f"{between} {self.note}".strip()

    def cells(self):
        spread = f"{number(self.low)}..{number(self.high)}" if self.n > 1 else "-"
        return [str(self.row), self.what, self.target, f"{number(self.median)} {self.unit}", spread, str(self.n), self.remark]


@dataclasses.dataclass
class Table:
    """Figures that belong side by side: a section of its own on the page."""

    title: str
    head: list
    rows: list
    note: str

    def lines(self):
        return [f"## {self.title}", "", self.note, "", "| " + " | ".join(self.head) + " |", "|" + "---|" * len(self.head), *["| " + " | ".join(row) + " |" for row in self.rows]]


def number(value):
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def page(figures, tables, skipped, notes, machine):
    """The text of docs/benchmarks.md."""
    head = ["#", "what", "target", "median", "spread", "n", "between the figure and the target"]
    lines = ["# What kdash reaches", "", "Written by `scripts/bench`, which measures the release program from outside and starts every cluster in a directory of its own.",
             "The spread is min..p99 for latencies and min..max otherwise. A target is compared with the median.", "", *[f"- {line}" for line in machine], "",
             "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in figure.cells()) + " |" for figure in figures]
    for table in tables:
        lines += ["", *table.lines()]
    if skipped:
        lines += ["", "## Not measured", "", *[f"- {what}: {why}" for what, why in skipped]]
    if notes:
        lines += ["", "## About these figures", "", *[f"- {note}" for note in notes]]
    return "\n".join(lines) + "\n"
