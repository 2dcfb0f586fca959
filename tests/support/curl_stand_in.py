"""The part of curl that the README uses (-s -i -X -H -d -o -w), for a machine without it."""

from __future__ import annotations

import argparse
import sys
import urllib.error
import urllib.request
from pathlib import Path


def main(arguments: list[str]) -> None:
    """Send one request, and write its response as curl would."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-i", action="store_true", dest="with_head")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", action="append", default=[], dest="headers")
    parser.add_argument("-d", dest="body")
    parser.add_argument("-o", dest="output")
    parser.add_argument("-w", default="", dest="write_out")
    given = parser.parse_args(arguments)
    body = None if given.body is None else given.body.encode()
    request = urllib.request.Request(given.url, data=body, method=given.method or ("POST" if body else "GET"))  # noqa: S310  # the README's own
    for header in given.headers:
        name, _, value = header.partition(":")
        request.add_header(name, value.strip())
    try:
        response = urllib.request.urlopen(request)  # noqa: S310  # as above
    except urllib.error.HTTPError as error:
        response = error
    with response:
        content = response.read()
        head = f"HTTP/1.1 {response.status} {response.reason}\r\n{response.headers}" if given.with_head else ""
    if given.output:
        Path(given.output).write_bytes(content)
    else:
        sys.stdout.buffer.write(head.encode() + content)
    sys.stdout.buffer.write(given.write_out.replace("%{http_code}", str(response.status)).replace(r"\n", "\n").encode())


if __name__ == "__main__":
    main(sys.argv[1:])
