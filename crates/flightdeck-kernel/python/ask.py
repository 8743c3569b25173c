"""What a live kernel is asked with: runs code and reads an expression in the user's namespace, catching everything.

An exception that IPython sees would replace the user's last one, the one that `%debug` opens. Names that the code
assigns stay in a namespace of its own, which only the expression sees.
"""


def ask(code, expression, space):
    """The value as text, or the exception, as JSON: a string as it is, anything else as its `repr`."""
    import json

    own = {}
    try:
        exec(code, space, own)
        value = eval(expression, space, own)
        return json.dumps({"value": value if isinstance(value, str) else repr(value)})
    except BaseException as error:
        return json.dumps({"name": type(error).__name__, "value": str(error)[:2000]})
