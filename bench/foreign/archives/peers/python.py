"""Extracts a file with Python's zipfile, tarfile, gzip, bz2 and lzma into the
working folder, under numbers. What comes before an error is kept.

    python.py FILE PASSWORD
"""
import bz2, gzip, lzma, sys, tarfile, zipfile

path, password = sys.argv[1], sys.argv[2].encode()
count = 0


def save(f):
    global count
    count += 1
    with open("%d" % count, "wb") as out:
        while True:
            b = f.read(4096)
            if not b:
                return
            out.write(b)


def attempt(step):
    try:
        step()
    except Exception as e:
        print(type(e).__name__, e, file=sys.stderr)


def zips():
    with zipfile.ZipFile(path) as z:
        z.setpassword(password or None)
        for i in z.infolist():
            attempt(lambda: save(z.open(i)))


def tars():
    with tarfile.open(path, ignore_zeros=True) as t:
        for i in t:
            if i.isreg():
                attempt(lambda: save(t.extractfile(i)))


attempt(zips)
attempt(tars)
for module in gzip, bz2, lzma:
    attempt(lambda: save(module.open(path)))
