"""Magics and shell commands do not run: they are listed. A short list of harmless magics does.

Blocked inside the shell's own class, so that every spelling of a command ends here.
"""

ALLOWED = frozenset(
    "matplotlib time timeit config load_ext reload_ext autoreload precision capture prun who whos".split()
)


def block(session, shell):
    """Replace the functions of the shell's class that run commands."""
    if shell is None:
        return
    cls = type(shell)

    def refuse(self, command, *rest, **options):
        note(session, "!" + str(command).strip())

    def getoutput(self, command, *rest, **options):
        note(session, "!" + str(command).strip())
        return empty_list()

    for name in ("system", "system_raw", "system_piped"):
        setattr(cls, name, refuse)
    cls.getoutput = getoutput
    cls.run_line_magic = line_magic(session, cls.run_line_magic)
    cls.run_cell_magic = cell_magic(session, cls.run_cell_magic)


def line_magic(session, original):
    """`%name line`, where bare words such as `ls` end too."""

    def run_line_magic(self, magic_name, line, _stack_depth=1):
        if magic_name in ALLOWED:
            return original(self, magic_name, line, _stack_depth=_stack_depth + 1)
        note(session, ("%%%s %s" % (magic_name, line)).strip())
        return None

    return run_line_magic


def cell_magic(session, original):
    """`%%name line` with the rest of the cell."""

    def run_cell_magic(self, magic_name, line, cell):
        if magic_name in ALLOWED:
            return original(self, magic_name, line, cell)
        note(session, ("%%%%%s %s" % (magic_name, line)).strip())
        return None

    return run_cell_magic


def note(session, what):
    """One command that was not run."""
    if len(session.blocked) < 500:
        session.blocked.append({"cell": session.cell, "what": what[:500]})


def empty_list():
    """What `x = !command` answers: IPython's own list of lines, empty."""
    try:
        from IPython.utils.text import SList

        return SList()
    except ImportError:
        return []
