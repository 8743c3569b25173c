"""One finding as the wire has it."""


def finding(code, severity, message, hint):
    """What a person should look at, and what to do about it."""
    return {"code": code, "severity": severity, "message": message[:8000], "hint": hint[:8000]}
