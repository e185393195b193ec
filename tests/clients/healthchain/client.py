"""HealthChain's SandboxClient, spoken to by lines of JSON: how requests are loaded in, what became of them out. It runs in an environment of its own."""

import json
import logging
import random
import sys

from faker import Faker
from healthchain.models import CDSResponse
from healthchain.sandbox import SandboxClient
from healthchain.sandbox.requestconstructors import CdsRequestConstructor
from healthchain.sandbox.workflows import Workflow

told: list[str] = []


class _Heard(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        told.append(record.getMessage())


logging.getLogger("healthchain").addHandler(_Heard())


def load(client: SandboxClient, job: dict) -> None:
    """The requests by one of the client's own ways; ``built``: by its constructor, which takes a context, into its public list."""
    if "path" in job:
        client.load_from_path(job["path"])
    elif "synthetic" in job:
        client.load_synthetic(n=job["synthetic"], random_seed=job["seed"])
    elif "registry" in job:
        client.load_from_registry(job["registry"], data_dir=job["data"])
    elif "text" in job:
        client.load_free_text(csv_path=job["text"], column_name="text", generate_synthetic=False)
    else:
        built = job["built"]
        request = CdsRequestConstructor().construct_request(
            built["prefetch"], Workflow(job["workflow"]), built["context"]
        )
        client.requests.append(request)


for line in sys.stdin:
    job, answer = json.loads(line), {}
    told.clear()
    random.seed(job.get("seed", 1))
    Faker.seed(job.get("seed", 1))
    try:
        if "parse" in job:
            CDSResponse(**job["parse"])
        else:
            client = SandboxClient(url=job["url"], workflow=job["workflow"])
            load(client, job)
            answer["responses"] = client.send_requests()
    except ValueError as error:  # pydantic's too
        answer["raised"] = str(error)
    print(json.dumps({**answer, "told": told}), flush=True)
