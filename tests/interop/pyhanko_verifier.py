"""Verifies detached signatures with pyHanko: pyhanko_verifier.py MANIFEST, one "content signature root" a line, separated by tabs.

Prints "ok" or "no: reason" for each line. A further field "timestamp" wants a timestamp that holds, too.
"""

import asyncio
import sys

from asn1crypto import cms
from pyhanko.keys import load_cert_from_pemder
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko_certvalidator import ValidationContext


def signed_data(path):
    with open(path, "rb") as file:
        return cms.ContentInfo.load(file.read())["content"]


async def verify(content, signature, root, *more):
    context = lambda: ValidationContext(trust_roots=[load_cert_from_pemder(path) for path in root.split(";")])
    with open(content, "rb") as file:
        status = await async_validate_detached_cms(file, signed_data(signature), context(), context())
    # pyHanko calls a signature over other content valid and not intact.
    if not (status.valid and status.intact and status.trusted):
        return f"no: valid={status.valid} intact={status.intact} trusted={status.trusted}"
    if "timestamp" in more:
        stamp = status.timestamp_validity
        if stamp is None or not (stamp.valid and stamp.intact and stamp.trusted):
            return "no: the timestamp"
    return "ok"


def main():
    with open(sys.argv[1], encoding="utf-8") as manifest:
        for line in manifest:
            try:
                print(asyncio.run(verify(*line.rstrip("\n").split("\t"))))
            except Exception as error:  # noqa: BLE001 - whatever it is, the signature is not accepted
                print("no:", type(error).__name__, str(error).replace("\n", " "))


main()
