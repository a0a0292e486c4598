"""Pages have no kernel to talk to: the script that would start one, which Sphinx is told of twice
and which a browser then refuses, is left out of them.
"""


def setup(app):
    """Called by Sphinx."""
    app.connect("html-page-context", leave_out, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def leave_out(app, page, template, context, doctree):
    """Drop the launcher's scripts and styles from one page."""
    for kind in ("script_files", "css_files"):
        context[kind] = [one for one in context.get(kind, []) if "thebe" not in _said(one)]


def _said(file) -> str:
    return f"{file.filename} {file.attributes.get('body', '')}".lower()
