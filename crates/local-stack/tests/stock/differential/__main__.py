"""Asks the local stack what stock clients ask AWS, and compares its answers with what AWS documents.

Run as `python differential` with facts as JSON on standard input: of `plain`, a stack without a template, and of
`deployed`, one that was started from a template, as alice sees it; `admin` is the same as bob sees it. After the line
`later` whoever started them moves their clocks and says so. Then it prints the rows that fail, those whose answer AWS
does not document, and `N of N`. No message holds a token or key. Every assertion of a row that passes is broken once,
and must fail then.
"""

import collections
import concurrent.futures
import json
import sys
import time
import traceback

sys.dont_write_bytecode = True

import rows  # noqa: E402, F401
from clients import Call, Stack  # noqa: E402
from table import ABSENT, ROWS, cannot_fail, differences  # noqa: E402

AT_LEAST = 150


def run(row, stack, number):
    """What is wrong with a row's answer, and the answer."""
    if row.service and not stack.facts.get(row.service):
        return [f"skipped: there is no {row.service} endpoint yet"], None
    try:
        answer = row.send(Call(stack, number))
    except AssertionError as error:
        return [str(error)], None
    except Exception:
        return [traceback.format_exc(limit=-3).strip()], None
    if not row.asserted:
        return [], answer
    wrong = differences(answer, row.expected)
    if wrong and answer.get("Message") is not ABSENT:
        wrong.append(f"it was told {answer.get('Code')}: {answer.get('Message')}")
    if not wrong:
        wrong = [f"{item} would pass whatever the answer" for item in cannot_fail(answer, row.expected)]
    return wrong, answer


def run_all(numbered, stacks):
    """Results in the order of the rows. The AWS CLI takes a second to start, so its rows run beside the others."""
    results = {}

    def one(number, row):
        started = time.monotonic()
        results[number] = (row, *run(row, stacks[row.stack], number), time.monotonic() - started)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        beside = [pool.submit(one, *pair) for pair in numbered if pair[1].sender == "aws"]
        for number, row in numbered:
            if row.sender != "aws":
                one(number, row)
        for task in beside:
            task.result()
    return [results[number] for number, _ in numbered]


def report(results):
    """Prints what there is to say, and gives how many rows passed of how many."""
    passed, asserted, senders = collections.Counter(), collections.Counter(), collections.Counter()
    for row, wrong, answer, _ in results:
        if not row.asserted:
            print(f"not documented  {row.name} [{row.sender}]: {answer.shown() if answer else wrong[0]}")
            continue
        asserted[row.group] += 1
        senders[row.sender] += 1
        if not row.page:
            wrong = ["the row has no page"]
        if wrong:
            print(f"FAILED  {row.name} [{row.sender}]\n    page: {row.page}")
            print("\n".join(f"    {line}" for line in wrong))
        else:
            passed[row.group] += 1
    slowest = sorted(results, key=lambda result: -result[3])[:5]
    print("slowest:", ", ".join(f"{row.name} {seconds:.1f} s" for row, _, _, seconds in slowest))
    print("senders:", ", ".join(f"{name} {count}" for name, count in sorted(senders.items())))
    for name, count in asserted.items():
        print(f"{name}: {passed[name]} of {count}")
    return passed.total(), asserted.total()


def main():
    facts = json.loads(sys.stdin.readline())
    stacks = {name: Stack(of) for name, of in facts.items()}
    numbered = list(enumerate(ROWS))
    results = run_all([pair for pair in numbered if not pair[1].later], stacks)
    print("later", flush=True)
    sys.stdin.readline()
    results += run_all([pair for pair in numbered if pair[1].later], stacks)
    passed, asserted = report(results)
    print(f"{passed} of {asserted}")
    return 0 if passed == asserted >= AT_LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
