"""The report: a run as one HTML file to listen to, read and judge, without a network.

The parts:

page.py       a source → the file
tally.py      exact counts over everything, in one pass
selection.py  which outcomes are in the page, within its size
entries.py    one outcome as the page shows it
marks.py      where a response names the sounds it is about
pace.py       answers over time
audio.py      one recording, made small enough to travel inside the page
assets/       the page itself: HTML, CSS, JavaScript
"""

from balsa_data.report.page import Source, render

__all__ = ["Source", "render"]
