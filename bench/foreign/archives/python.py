"""Extracts a file with Python's zipfile, tarfile, gzip, bz2 and lzma, and with olefile
if that is installed, into the working folder, in numbered folders. What comes before an
error is kept.

    python.py FILE PASSWORD
"""
import bz2, gzip, lzma, os, sys, tarfile, zipfile

path, password = sys.argv[1], sys.argv[2].encode()
count = 0


def save(f, name=""):
    global count
    count += 1
    name = "".join("[%d]" % ord(c) if c < " " else c for c in name)
    os.makedirs("%d" % count)
    target = os.path.normpath("%d/%s" % (count, name or "file"))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as out:
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


def oles():
    import olefile

    with olefile.OleFileIO(path) as o:
        for i in o.listdir():
            attempt(lambda: save(o.openstream(i), "/".join(i)))


attempt(zips)
attempt(tars)
attempt(oles)
for module in gzip, bz2, lzma:
    attempt(lambda: save(module.open(path)))
