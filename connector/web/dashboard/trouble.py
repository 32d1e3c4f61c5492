"""An error as a page: the shell, a sentence, what can be done."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from connector.web.dashboard.rendering import here, render

TITLES = {
    400: "This cannot be done",
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "Changed meanwhile",
    500: "A fault of the service",
    503: "Not available right now",
}


def trouble_page(request: Request, error: Exception, code: int) -> Response:
    """Who is not signed in is led there, and back; all else is a sentence with its number."""
    if code == 401:
        back = here(request) if request.method == "GET" else "/"
        return RedirectResponse(f"/sign-in?next={quote(back, safe='')}", status_code=303)
    back = here(request) if request.method == "GET" else request.headers.get("referer", "/")
    page = render("trouble.html", code=code, title=TITLES.get(code, "Trouble"), error=error, again=back)
    after = getattr(error, "after", None)
    if code == 503:
        page.headers["Retry-After"] = str(int(after or 10))
    return page
