"""A program that is told to end hears it, whatever it was doing."""

import subprocess
import sys

AT_EACH_LINE = """
import signal, sys, threading
from marketplace.kit.termination import when_terminated

def told_at(moment):
    '''Whether the wait was heard to end by a signal that came before its line of this number; None past its end.'''
    told, lines = threading.Event(), 0
    when_terminated(told.set)

    def each_call(frame, event, _):
        return each_line if frame.f_code.co_filename == threading.__file__ else None

    def each_line(_frame, event, _):
        nonlocal lines
        lines += event == "line"
        if event == "line" and lines == moment:
            signal.raise_signal(signal.SIGTERM)
        return each_line

    sys.settrace(each_call)
    told.wait(0.01)
    sys.settrace(None)
    return told.wait(30) if lines >= moment else None

moment = 1
while (told := told_at(moment)) is not None:
    assert told, moment
    moment += 1
print(moment - 1 > 10)
"""


def test_a_signal_is_heard_at_whichever_line_of_a_wait_it_comes() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", AT_EACH_LINE], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.stderr, ended.stdout) == ("", "True\n")


def test_it_is_heard_again_each_time() -> None:
    script = """
import signal, threading
from marketplace.kit.termination import when_terminated
told = threading.Semaphore(0)
when_terminated(told.release)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
    signal.raise_signal(number)
    assert told.acquire(timeout=30)
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
