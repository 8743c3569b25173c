"""What a live kernel is asked with: runs code and reads an expression in the user's namespace, catching everything.

An exception that IPython sees would replace the user's last one, the one that `%debug` opens.
"""


def ask(code, expression, space):
    """The value as text, or the exception, as JSON: a string as it is, anything else as its `repr`."""
    import json

    try:
        exec(code, space)
        value = eval(expression, space)
        return json.dumps({"value": value if isinstance(value, str) else repr(value)})
    except BaseException as error:
        return json.dumps({"name": type(error).__name__, "value": str(error)[:2000]})
