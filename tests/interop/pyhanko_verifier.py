"""Verifies detached signatures with pyHanko: pyhanko_verifier.py MANIFEST, one "content signature roots" a line, separated by tabs, roots by semicolons.

Prints "ok" or "no: reason" for each line. A fourth field "b-b" or "b-t" wants AdES validation by ETSI EN 319 102-1 for that level instead.
"""

import asyncio
import hashlib
import sys

from asn1crypto import cms
from pyhanko.keys import load_cert_from_pemder
from pyhanko.sign.ades.report import AdESPassed
from pyhanko.sign.validation import async_validate_detached_cms
from pyhanko.sign.validation.ades import ades_basic_validation, ades_with_time_validation
from pyhanko.sign.validation.policy_decl import SignatureValidationSpec
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, RevocationCheckingPolicy, RevocationCheckingRule
from pyhanko_certvalidator.registry import SimpleTrustManager


async def verify(content, signature, roots, level=None):
    roots = [load_cert_from_pemder(path) for path in roots.split(";")]
    with open(signature, "rb") as file:
        signed = cms.ContentInfo.load(file.read())["content"]
    if level:
        return await validate_ades(content, signed, roots, level)
    with open(content, "rb") as file:
        context = ValidationContext(trust_roots=roots)
        status = await async_validate_detached_cms(file, signed, context, ValidationContext(trust_roots=roots))
    # pyHanko calls a signature over other content valid and not intact.
    if status.valid and status.intact and status.trusted:
        return "ok"
    return f"no: valid={status.valid} intact={status.intact} trusted={status.trusted}"


async def validate_ades(content, signed, roots, level):
    unchecked = RevocationCheckingPolicy(RevocationCheckingRule.NO_CHECK, RevocationCheckingRule.NO_CHECK)
    policy = CertValidationPolicySpec(SimpleTrustManager.build(roots), CertRevTrustPolicy(unchecked))
    spec = SignatureValidationSpec(policy, ts_cert_validation_policy=policy)
    algorithm = signed["signer_infos"][0]["digest_algorithm"]["algorithm"].native
    with open(content, "rb") as file:
        digest = hashlib.new(algorithm, file.read()).digest()
    validate = ades_with_time_validation if level == "b-t" else ades_basic_validation
    result = await validate(signed, spec, raw_digest=digest)
    return "ok" if result.ades_subindic == AdESPassed.OK else f"no: {result.ades_subindic} {result.failure_msg}"


def main():
    with open(sys.argv[1], encoding="utf-8") as manifest:
        for line in manifest:
            try:
                print(asyncio.run(verify(*line.rstrip("\n").split("\t"))))
            except Exception as error:  # noqa: BLE001 - whatever it is, the signature is not accepted
                print("no:", type(error).__name__, str(error).replace("\n", " "))


main()
