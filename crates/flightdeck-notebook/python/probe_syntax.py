"""IPython's own syntax made Python, line by line, so that ``ast`` can read a cell.

Magics, shell lines, help requests and prompts are replaced as IPython's input transformer recognises them: at the
start of a logical line only, never inside a text or a bracket. The number of lines stays the same.
"""

import ast
import re

# Magics that run their argument as Python in the notebook's namespace.
RUNNING = {"time", "timeit", "capture", "prun"}
# Line magics that work without a percent sign and are often written so.
BARE = {"pip", "conda", "mamba", "ls", "cd", "pwd", "cat", "mkdir", "rm", "cp", "mv", "matplotlib", "load_ext",
        "reload_ext", "autoreload", "env", "run", "who", "whos", "time", "timeit", "man", "less", "more"}
ASSIGNED = re.compile(r"^(?P<left>\s*[A-Za-z_][\w.,\s\[\]'\"]*?)=\s*(?P<escape>[!%])(?P<rest>(?![=]).*)$")
HELP = re.compile(r"^\s*(\?{1,2}[\w.*%]+|%{0,2}[A-Za-z_][\w.*]*\s*\?{1,2})\s*;?\s*$")
PROMPT = re.compile(r"^\s*(>>> ?|\.\.\. ?|In \[\d+\]: ?|\s*\.\.\.+: ?)")
WORD = re.compile(r"^\s*(?P<word>[a-z_]+)(?P<rest>[ \t]+(?![=(\[.,:*/+<>|&^%@!-]=?[ \t])\S.*|[ \t]+-\w.*)$")


def parse(source):
    """Answers (tree, magics): the module and [(line, text)] of what IPython alone understands."""
    try:
        # `In [3]: x = 1` happens to be Python too: an annotation of an element of `In`.
        if not source.lstrip().startswith("In ["):
            return _tree(source), []
    except SyntaxError:
        pass
    lines, magics = neutral(source)
    return _tree("\n".join(lines)), magics


def _tree(source):
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return compile(source, "<cell>", "exec", flags, dont_inherit=True)


def neutral(source):
    """Answers (lines, magics): as many lines as before, in plain Python."""
    lines = _dedented(_without_prompts(source.split("\n")))
    magics = []
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        magics.append((first + 1, lines[first]))
        if lines[first][2:].split(None, 1)[:1] and lines[first][2:].split(None, 1)[0] not in RUNNING:
            return [""] * len(lines), magics
        lines[first] = ""
    return _lines(lines, magics), magics


def _without_prompts(lines):
    first = next((line for line in lines if line.strip()), "")
    if PROMPT.match(first):
        return [PROMPT.sub("", line) for line in lines]
    return lines


def _dedented(lines):
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    if not indent:
        return lines
    return [line[len(indent):] if line.startswith(indent) else line for line in lines]


def _lines(lines, magics):
    out, at, scan = [], 0, Scan()
    while at < len(lines):
        line = lines[at]
        replaced = _replaced(line) if scan.at_start() else None
        if replaced is None:
            scan.line(line)
            out.append(line)
            at += 1
            continue
        magics.append((at + 1, line.strip()))
        out.append(replaced)
        scan.line(replaced)
        # A shell line goes on after a backslash.
        while line.rstrip().endswith("\\") and at + 1 < len(lines):
            at += 1
            line = lines[at]
            out.append("")
        at += 1
    return out


def _replaced(line):
    """The line in plain Python, or None when it is that already."""
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    if text[:1] in ("!", "?") or HELP.match(line):
        return indent + "pass"
    if text.startswith("%"):
        return indent + _argument(text.lstrip("%"))
    if text[:1] in (",", ";", "/") and text[1:2].isalpha():
        return indent + "pass"
    assigned = ASSIGNED.match(line)
    if assigned:
        return assigned.group("left") + "= None"
    word = WORD.match(line)
    if word and word.group("word") in BARE and not _is_python(text):
        return indent + _argument(text)
    return None


def _argument(magic):
    """What a magic runs as Python: the statement behind ``time``, else nothing."""
    name, _, rest = magic.partition(" ")
    rest = re.sub(r"^(\s*-\w+(\s+\d+)?)+\s+", "", " " + rest).strip()
    if name in RUNNING and rest and _is_python(rest):
        return rest
    return "pass"


def _is_python(text):
    try:
        _tree(text)
        return True
    except (SyntaxError, ValueError):
        # The first line of a block, or of a bracket that is closed later, is Python too.
        return text.rstrip().endswith((":", "(", "[", "{", ",", "\\"))


class Scan:
    """Follows texts, brackets and continuations over the lines of a cell."""

    def __init__(self):
        self.depth = 0
        self.quote = None
        self.continued = False

    def at_start(self):
        """Whether a logical line begins here."""
        return self.depth <= 0 and self.quote is None and not self.continued

    def line(self, text):
        """Takes one physical line."""
        at = 0
        while at < len(text):
            at = self._in_text(text, at) if self.quote else self._outside(text, at)
        self.continued = self.quote is None and text.rstrip().endswith("\\") and not text.lstrip().startswith("#")
        if self.quote and len(self.quote) == 1 and not text.endswith("\\"):
            self.quote = None

    def _in_text(self, text, at):
        if text[at] == "\\":
            return at + 2
        if text.startswith(self.quote, at):
            at += len(self.quote)
            self.quote = None
            return at
        return at + 1

    def _outside(self, text, at):
        char = text[at]
        if char == "#":
            return len(text)
        if char in "\"'":
            self.quote = char * 3 if text.startswith(char * 3, at) else char
            return at + len(self.quote)
        self.depth += (char in "([{") - (char in ")]}")
        return at + 1
