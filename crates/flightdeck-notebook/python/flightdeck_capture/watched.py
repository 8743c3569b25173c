"""A function or method that is watched while it runs, and is otherwise the original.

Read from its class it is the original; pickled or copied it is the original; its signature, name and
documentation are the original's. Calls inside other watched calls are not reported: the depth is one
counter for the whole process, because thread pools would fool a counter of their own.
Not here: what is done with a call (see the rooms that pass an observer).
"""

import copy
import functools
import threading
import types


class Depth:
    """How many watched calls are running, over all threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.value = 0

    def enter(self):
        """Go one deeper; true when this is the outermost call."""
        with self.lock:
            self.value += 1
            return self.value == 1

    def leave(self):
        """Come back."""
        with self.lock:
            self.value -= 1


class Watched:
    """`original` with an observer: before(args, kwargs) -> token, after(token, args, kwargs, result)."""

    def __init__(self, original, depth, report, before=None, after=None, around=None):
        functools.update_wrapper(self, original)
        self._original = original
        self._depth = depth
        self._report = report
        self._before = before
        self._after = after
        self._around = around

    def __call__(self, *args, **kwargs):
        __tracebackhide__ = True
        outermost = self._depth.enter()
        try:
            if not outermost:
                return self._original(*args, **kwargs)
            token = self._ask(self._before, args, kwargs)
            if self._around is None:
                result = self._original(*args, **kwargs)
            else:
                result = self._around(self._original, args, kwargs)
            self._ask(self._after, token, args, kwargs, result)
            return result
        finally:
            self._depth.leave()

    def _ask(self, observer, *values):
        """An observer's fault is reported, never the notebook's."""
        if observer is None:
            return None
        try:
            return observer(*values)
        except Exception as error:
            self._report(observer, error)
            return None

    def __get__(self, instance, owner=None):
        bind = getattr(type(self._original), "__get__", None)
        if bind is None or isinstance(self._original, types.BuiltinFunctionType):
            return self
        if instance is None:
            return bind(self._original, None, owner)
        return types.MethodType(self, instance)

    def __getattr__(self, name):
        if name.startswith("__") or "_original" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self._original, name)

    def __reduce__(self):
        return (copy.copy, (self._original,))

    def __copy__(self):
        return self._original

    def __deepcopy__(self, memo):
        return self._original

    def __repr__(self):
        return repr(self._original)


def is_watched(value):
    """Whether this already is one of ours."""
    return isinstance(value, Watched)
