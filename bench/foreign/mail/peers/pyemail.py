"""Lists the leaves of messages as Python's email package reads them: for each, the
file, the SHA-256 of its decoded bytes, size, name and type."""

import email
import hashlib
import sys


def leaves(m):
    for part in m.walk():
        if part.is_multipart():
            continue
        try:
            body = part.get_payload(decode=True)
        except Exception:
            continue
        if body is None:
            continue
        try:
            name = part.get_filename() or ""
        except Exception:
            name = ""
        yield body, str(name), part.get_content_type()


def main():
    for file in sys.argv[1:]:
        with open(file, "rb") as f:
            m = email.message_from_bytes(f.read())  # a file's line ends would be changed
        for body, name, ct in leaves(m):
            name = name.encode("utf-8", "replace").decode().replace("\t", " ").replace("\n", " ").replace("\r", " ")
            digest = hashlib.sha256(body).hexdigest()
            sys.stdout.buffer.write(f"{file}\t{digest}\t{len(body)}\t{name}\t{ct}\n".encode("utf-8", "replace"))


main()
