"""Downloads the archive of a release."""

import base64
import http.client
import string
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from typing import IO

from release.archive import Failed, check, receive

# Between the rounds of tries: half a minute in all, after which a server that
# does not answer is told of.
PAUSES_S = (1, 2, 4, 8, 16)
TIMEOUT_S = 30
# Answers that another try does not change.
FINAL = {400, 401, 403, 404, 405, 410}


class Again(Exception):
    """Like Failed, and another try may help."""


class OwnHostOnly(urllib.request.HTTPRedirectHandler):
    """Follows redirects. Headers that the user gave for one host are not sent on
    to another one, nor to another port or without TLS."""

    def redirect_request(self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str,
                         headers: http.client.HTTPMessage, newurl: str) -> urllib.request.Request:
        if urllib.parse.urlsplit(newurl).scheme not in ("http", "https"):
            raise Failed(f"{shown(req.full_url)} redirects to something else than http and https")
        same = origin(newurl) == origin(req.full_url)
        return urllib.request.Request(newurl, headers=dict(req.headers) if same else {})

    # Python before 3.11 does not follow it.
    http_error_308 = urllib.request.HTTPRedirectHandler.http_error_302


def origin(url: str) -> tuple[str, str, int]:
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or (80 if parts.scheme == "http" else 443)


def shown(url: str) -> str:
    """The URL without what may be a secret in it."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def download(urls: Sequence[str], headers: Mapping[str, str], sha256: str, path: str) -> None:
    """Writes the archive that has the SHA-256, from the first URL that has it."""
    for pause in (*PAUSES_S, None):
        said, hopeless = [], True
        for url in urls:
            try:
                return fetch(url, headers, sha256, path)
            except Failed as failed:
                said.append(str(failed))
            except Again as again:
                said.append(str(again))
                hopeless = False
        if pause is None or hopeless:
            raise Failed("; ".join(said))
        time.sleep(pause)


def fetch(url: str, headers: Mapping[str, str], sha256: str, path: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), OwnHostOnly)
    try:
        with opener.open(request(url, headers), timeout=TIMEOUT_S) as answer, open(path, "wb") as file:
            found, size = receive(answer, file)
            promised = answer.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        told = f"{shown(url)} answers with {error.code} {http.client.responses.get(error.code, '')}".strip()
        raise (Failed if error.code in FINAL else Again)(told) from None
    except urllib.error.URLError as error:
        raise Again(f"{shown(url)} does not answer: {error.reason}") from None
    except OSError as error:
        raise Again(f"{shown(url)}: {error.strerror or error}") from None
    except (http.client.HTTPException, ValueError) as error:
        # Their texts repeat what was sent.
        raise Again(f"{shown(url)} cannot be fetched ({type(error).__name__})") from None
    if promised and int(promised) != size:
        raise Again(f"{shown(url)} was cut short after {size} of {promised} bytes")
    check(found, sha256)


def request(url: str, headers: Mapping[str, str]) -> urllib.request.Request:
    """A request for the URL as it stands. Only what HTTP cannot carry is escaped;
    a user and a password in it become a header, as curl does it."""
    parts = urllib.parse.urlsplit(url)
    credentials, _, host = parts.netloc.rpartition("@")
    plain = urllib.parse.urlunsplit(parts._replace(netloc=host, fragment=""))
    made = urllib.request.Request(urllib.parse.quote(plain, safe=string.punctuation), headers=dict(headers))
    if credentials and not made.has_header("Authorization"):
        login = base64.b64encode(urllib.parse.unquote(credentials).encode()).decode()
        made.add_header("Authorization", "Basic " + login)
    return made
