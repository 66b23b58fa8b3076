"""boto3 as it comes, for `cargo xtask bench`: it cannot sign in, so it begins with the credentials in its environment. It
prints what a piece of work took, as tests/speed does. Modules are loaded before the clock starts."""

import json
import os
import re
import sys
import time

import boto3
from botocore.config import Config

place = json.loads(os.environ["JETBRIDGE_BENCH"])
scenario = sys.argv[1]


def make_client():
    style = Config(s3={"addressing_style": "path"})
    return boto3.client("s3", endpoint_url=place["s3_by_address"], region_name=place["region"], config=style)


def first_page(s3):
    if not s3.list_objects_v2(Bucket=place["bucket"])["KeyCount"]:
        sys.exit("an empty page")


def timed(work):
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def peak_kib():
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return int(re.search(r"^VmHWM:\s*(\d+) kB", status.read(), re.MULTILINE)[1])
    except OSError:
        return None


if scenario == "list":
    pages = make_client().get_paginator("list_objects_v2").paginate(Bucket=sys.argv[2])
    print(sum(len(page["Contents"]) for page in pages))
    sys.exit()
if scenario == "warm":
    s3 = make_client()
    first_page(s3)
    took = timed(lambda: first_page(s3))
else:
    took = timed(lambda: first_page(make_client()))
print(json.dumps({"event": "measured", "ms": took, "peak_kib": peak_kib()}))
