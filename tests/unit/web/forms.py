"""Forms of pages, as a browser sends them."""

from __future__ import annotations

import re
from html import unescape

PASSWORD = "correct horse battery"


def form_of(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the first form that is sent to an address."""
    found = re.search(rf'<form [^>]*action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert found, action
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', found[0])
    return {name: unescape(value) for name, value in fields}
