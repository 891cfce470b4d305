"""Results of task runs, found again by a key."""

from orchd.orchestration.facts import Facts, Need, Run
from orchd.orchestration.rule import rule
from orchd.orchestration.transition import CACHED, COMPLETED, RUNNING, Proposed, Transition
from orchd.orchestration.verdicts import ACCEPT, Accept, Reject, Verdict, WriteCache


def _reads_cache(asked: Transition, run: Run) -> Need:
    details = asked.proposed.state_details
    return Need.CACHE if details.cache_key and not details.refresh_cache else Need.NOTHING


@rule(entering=frozenset({RUNNING}), reads=_reads_cache)
def use_cached_result(asked: Transition, facts: Facts) -> Verdict:
    """A task run whose result is known need not run."""
    details, found = asked.proposed.state_details, facts.cached
    if found is None or not details.cache_key or details.refresh_cache:
        return ACCEPT
    known = Proposed(COMPLETED, CACHED, found.message, found.data, found.state_details)
    return Reject(known, "The result was found in the cache.")


@rule(entering=frozenset({COMPLETED}))
def cache_result(asked: Transition, facts: Facts) -> Verdict:
    """A result with a key is remembered. A key too long to index is not; the run completes all the same."""
    details = asked.proposed.state_details
    if not details.cache_key:
        return ACCEPT
    longest = facts.settings.max_cache_key_length
    if len(details.cache_key) > longest:
        return Reject(asked.proposed, f"The cache key is longer than {longest} characters: the result is not cached.")
    return Accept(effects=(WriteCache(details.cache_key, details.cache_expiration),))
