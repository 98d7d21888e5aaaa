"""Compares with the `implicit` library (pip install implicit) on the same split and the same matrix.

    python benchmark/implicit.py quality DIR [--k 10,20] [--threads N] [--json]
    python benchmark/implicit.py speed FILE.npz-or-DIR [--threads N] [--factors 64] [--iterations 15]

quality: DIR/train.csv (user,item,weight,time; the time is not used) and DIR/test.csv (user,item). Ranks all
items that occur in train; test items that do not are dropped, and so are users without any left.
"default" is the library's default; "best on test" is the grid point with the highest NDCG at the first k ON
THE TEST SET itself: an upper bound for the library that no honest tuning reaches, chosen per mode.

speed: DIR/starts.u32, items.u32 and weights.f32 (little-endian CSR, users x items), or a scipy.sparse .npz.
Times AlternatingLeastSquares.fit alone.
"""

import argparse
import csv
import itertools
import json
import math
import os
import sys
import time
import warnings
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"  # before numpy loads; implicit asks for it
HERE = Path(__file__).resolve().parent  # this file is called implicit too: import the library, not the script
sys.path = [entry for entry in sys.path if Path(entry).resolve() != HERE]

import numpy as np
from scipy.sparse import csr_matrix, load_npz

from implicit import __version__ as VERSION
from implicit.als import AlternatingLeastSquares
from implicit.bpr import BayesianPersonalizedRanking
from implicit.lmf import LogisticMatrixFactorization
from implicit.nearest_neighbours import BM25Recommender, CosineRecommender, TFIDFRecommender

warnings.filterwarnings("ignore", message="Method expects CSR input")  # implicit warns of its own conversions
SEED = 42
METRICS = ("ndcg", "recall", "hitrate", "mrr")
MODES = {"bought items not excluded": False, "bought items excluded": True}


class Popularity:
    """Ranks items by their number of distinct users; ties in the order of first appearance in train."""

    def fit(self, user_items, show_progress=False):
        users = np.bincount(user_items.indices, minlength=user_items.shape[1])
        self.order = np.argsort(-users, kind="stable")

    def recommend(self, users, user_items, N, filter_already_liked_items):
        ids = np.full((len(users), N), -1)
        for row in range(len(users)):
            best = self.order
            if filter_already_liked_items:
                liked = user_items[row].indices
                best = best[: N + len(liked)]
                best = best[~np.isin(best, liked)]
            ids[row, : len(best[:N])] = best[:N]
        return ids, None


def grid(**values):
    """All combinations of the values, as keyword arguments."""
    return [dict(zip(values, point)) for point in itertools.product(*values.values())]


def algorithms(threads):
    """Name, constructor and grid of each algorithm; the library's defaults always compete as well."""
    common = {"num_threads": threads}
    seeded = {**common, "random_state": SEED}
    k = [5, 10, 20, 50, 100, 200]
    return [
        ("popularity", Popularity, []),
        (
            "ALS",
            lambda **point: AlternatingLeastSquares(use_gpu=False, **seeded, **point),
            grid(factors=[64, 128, 256], regularization=[0.01, 1, 10, 30], alpha=[1, 2, 10]),
        ),
        (
            "BM25",
            lambda **point: BM25Recommender(**common, **point),
            grid(K=k, K1=[0.2, 1.2, 10, 100], B=[0, 0.25, 0.75]),
        ),
        ("cosine", lambda **point: CosineRecommender(**common, **point), grid(K=k)),
        ("TF-IDF", lambda **point: TFIDFRecommender(**common, **point), grid(K=k)),
        ("LMF", lambda: LogisticMatrixFactorization(**seeded), []),
        ("BPR", lambda: BayesianPersonalizedRanking(use_gpu=False, **seeded), []),
    ]


def rows(path, *columns):
    """The named columns of a CSV file with a header, with the line number in front."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file, strict=True)
        header = next(reader, [])
        if missing := set(columns) - set(header):
            sys.exit(f"{path}: no column {', '.join(sorted(missing))}")
        at = [header.index(column) for column in columns]
        for row in reader:
            if row:
                yield (reader.line_num, *(row[index] for index in at))


def matrix(users, items, weights, shape):
    """users x items; the weights of a pair are summed."""
    summed = csr_matrix((np.array(weights, dtype=np.float32), (users, items)), shape=shape)
    summed.sum_duplicates()
    return summed


def load(directory):
    """train (summed weights) and test (0 or 1), both users x items of train."""
    user_ids, item_ids, users, items, weights = {}, {}, [], [], []
    for line, user, item, text in rows(directory / "train.csv", "user", "item", "weight"):
        weight = float(text)
        if not 0 < weight < math.inf:
            sys.exit(f"train.csv:{line}: the weight {text} is not a positive number")
        users.append(user_ids.setdefault(user, len(user_ids)))
        items.append(item_ids.setdefault(item, len(item_ids)))
        weights.append(weight)
    shape = (len(user_ids), len(item_ids))
    held_out = set()
    for line, user, item in rows(directory / "test.csv", "user", "item"):
        if user not in user_ids:
            sys.exit(f"test.csv:{line}: the user {user} does not occur in train")
        if item in item_ids:
            held_out.add((user_ids[user], item_ids[item]))
    pairs = np.array(sorted(held_out), dtype=np.int64).reshape(-1, 2)
    # What one interaction weighs on average counts as 1, so that alpha and K1 mean what they usually do.
    weights = np.array(weights) / np.mean(weights)
    return matrix(users, items, weights, shape), matrix(*pairs.T, np.ones(len(pairs)), shape)


def measure(model, train, test, exclude, ks):
    """{metric@k: (mean over users, 95 % half-width)}."""
    users = np.flatnonzero(np.diff(test.indptr))
    sizes = np.diff(test.indptr)[users]
    top = min(max(ks), train.shape[1])
    ids = np.empty((len(users), top), dtype=np.int64)
    for start in range(0, len(users), 1024):
        block = users[start : start + 1024]
        found, _ = model.recommend(block, train[block], N=top, filter_already_liked_items=exclude)
        ids[start : start + 1024] = found
    relevant = np.repeat(users, sizes) * train.shape[1] + test.indices
    hits = (ids >= 0) & np.isin(users[:, None] * train.shape[1] + ids, relevant)  # -1 pads short lists

    discount = 1 / np.log2(np.arange(2, top + 2))
    ideal = np.cumsum(discount)
    result = {}
    for k in ks:
        within = hits[:, :k]
        hit = within.any(axis=1)
        values = (
            within @ discount[:k] / ideal[np.minimum(k, sizes) - 1],
            within.sum(axis=1) / sizes,
            hit,
            hit / (within.argmax(axis=1) + 1),
        )
        for name, value in zip(METRICS, values):
            half = 1.96 * value.std(ddof=1) / math.sqrt(len(value))
            result[f"{name}@{k}"] = (float(value.mean()), float(half))
    return result


def quality(directory, ks, threads):
    """Fits every algorithm at its defaults and on its grid; one list of results per mode."""
    train, test = load(directory)
    new = test - test.multiply(train > 0)
    new.eliminate_zeros()
    tests = {mode: new if exclude else test for mode, exclude in MODES.items()}
    modes = {mode: {"users": int((np.diff(tests[mode].indptr) > 0).sum()), "results": []} for mode in MODES}
    if min(mode["users"] for mode in modes.values()) < 2:
        sys.exit(f"{directory}: fewer than two test users are left")
    for name, build, points in algorithms(threads):
        began = time.perf_counter()
        runs = {mode: [] for mode in MODES}
        for point in [{}, *points]:
            model = build(**point)
            fit = time.perf_counter()
            model.fit(train, show_progress=False)
            fit = time.perf_counter() - fit
            for mode, exclude in MODES.items():
                metrics = measure(model, train, tests[mode], exclude, ks)
                runs[mode].append({"parameters": point, "fit_seconds": fit, **metrics})
        for mode, tried in runs.items():
            chosen = {"default": tried[0]} if name != "popularity" else {"": tried[0]}
            if points:
                chosen["best on test"] = max(tried, key=lambda run: run[f"ndcg@{ks[0]}"][0])
            modes[mode]["results"] += [{"algorithm": f"{name} {how}".strip(), **run} for how, run in chosen.items()]
        print(f"{name}: {len(points) + 1} fits, {time.perf_counter() - began:.1f} s", file=sys.stderr)
    return {
        "implicit": VERSION,
        "threads": threads,
        "users": train.shape[0],
        "items": train.shape[1],
        "pairs": train.nnz,
        "modes": modes,
    }


def print_tables(report, ks):
    """One table per mode."""
    columns = [f"ndcg@{ks[0]}", f"recall@{ks[-1]}", f"hitrate@{ks[0]}", f"mrr@{ks[0]}"]
    print("implicit {implicit}; train: {users} users, {items} items, {pairs} pairs".format(**report))
    for mode, part in report["modes"].items():
        print(f"\n{mode}, {part['users']} test users\n")
        print(f"{'algorithm':20}", *(f"{column:>17}" for column in columns), f"{'fit s':>8}  parameters")
        for run in part["results"]:
            cells = ("{:.4f} ± {:.4f}".format(*run[column]).rjust(17) for column in columns)
            parameters = ", ".join(f"{name}={value}" for name, value in run["parameters"].items())
            parameters = parameters or ("" if run["algorithm"] == "popularity" else "library defaults")
            print(f"{run['algorithm']:20}", *cells, f"{run['fit_seconds']:8.2f}  {parameters}".rstrip())


def speed(path, threads, factors, iterations):
    """Seconds that AlternatingLeastSquares.fit takes, after a warm-up on a small model."""
    if path.is_dir():
        starts, items = (np.fromfile(path / f"{name}.u32", dtype="<u4") for name in ("starts", "items"))
        weights = np.fromfile(path / "weights.f32", dtype="<f4")
        if not (starts.size > 1 and starts[0] == 0 and starts[-1] == items.size == weights.size > 0):
            sys.exit(f"{path}: starts, items and weights do not fit together")
        data = csr_matrix((weights, items, starts), shape=(starts.size - 1, int(items.max()) + 1))
    else:
        data = load_npz(path).tocsr().astype(np.float32)

    def fit(user_items, factors, iterations):
        model = AlternatingLeastSquares(
            factors=factors,
            iterations=iterations,
            regularization=0.01,
            calculate_training_loss=False,
            use_gpu=False,
            num_threads=threads,
            random_state=SEED,
        )
        began = time.perf_counter()
        model.fit(user_items, show_progress=False)
        return time.perf_counter() - began

    fit(data[:1000], 8, 1)
    return {
        "seconds": fit(data, factors, iterations),
        "factors": factors,
        "iterations": iterations,
        "threads": threads,
        "interactions": data.nnz,
        "users": data.shape[0],
        "items": data.shape[1],
    }


def main():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("quality", "speed"):
        command = commands.add_parser(name)
        command.add_argument("path", type=Path)
        command.add_argument("--threads", type=int, default=1, help="0: one per core (default: 1)")
        if name == "quality":
            command.add_argument("--k", default="10,20", help="lengths of the list (default: 10,20)")
            command.add_argument("--json", action="store_true", help="one JSON object instead of the tables")
        else:
            command.add_argument("--factors", type=int, default=64)
            command.add_argument("--iterations", type=int, default=15)
    options = parser.parse_args()
    if options.command == "speed":
        print(json.dumps(speed(options.path, options.threads, options.factors, options.iterations)))
        return
    try:
        ks = [int(k) for k in options.k.split(",")]
    except ValueError:
        ks = []
    if not ks or min(ks) < 1:
        parser.error("--k takes positive integers, as in 10,20")
    report = quality(options.path, ks, options.threads)
    if options.json:
        print(json.dumps(report))
    else:
        print_tables(report, ks)


if __name__ == "__main__":
    main()
