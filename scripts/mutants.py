"""Decisions broken one at a time: does a test notice?

Each mutant is a text of one file and what stands there instead, with the tests that ought to fail then. It is tried
in a copy of the tree, after the same tests have passed there unbroken. Ends with 1 where one survives, where its text
is no longer found exactly once or is no program any more (which every test would notice), or where its tests can't be
run.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPIED = (
    "aggregator",
    "tests",
    "scripts",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "config.toml",
    "LICENSE",
)
TIME = 600  # seconds for the tests of one mutant; one that makes them hang is noticed too
# as pytest shows what a test died of
NO_PROGRAM = re.compile(r"^E +(?:Name|UnboundLocal|Import|ModuleNotFound|Syntax)Error: .*$", re.M)


@dataclass(frozen=True, slots=True)
class Mutant:
    """`tests`: `file::test` without parameters, below tests/."""

    id: str
    decision: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def m(id_: str, decision: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    return Mutant(
        id_, decision, f"aggregator/{file}", old, new, tuple(f"tests/test_{test}" for test in tests)
    )


# fmt: off
MUTANTS = (
    # ---- what belongs where
    m("T1", "a topic's exclude", "topics.py", " and _excluded_by(rule, doc) is None:", ":", "lost.py::test_exclude_of_a_topic_wins_over_whatever_brings_it_there"),
    m("T2", "a source's exclude", "topics.py", "return exclude is None or query.match(exclude, doc) is None", "return True", "lost.py::test_include_and_exclude_of_a_source"),
    m("T4", "a source's include", "topics.py", "if include is not None and query.match(include, doc) is None:", "if False:", "lost.py::test_include_and_exclude_of_a_source"),
    # ---- the config
    m("CF1", "a run of sources within a text is no table", "config/tables.py", " or not _are_all(sources, len(runs))", "", "tables.py::test_runs_of_sources_read_as_tomllib_reads_them"),
    m("CF2", "what stands twice is an error, though a run ends between", "config/tables.py", "if not found[-1].keys().isdisjoint(one):", "if False:", "tables.py::test_runs_of_sources_read_as_tomllib_reads_them"),
    m("CF3", "no run is lost in an edit", "config/tables.py", "assert _MARK.findall(text) == _MARK.findall(self.text)", "assert text", "edits.py::test_no_run_is_lost_in_an_edit"),
    m("CF4", "a title of others reads no variable", "config/edit.py", "return None if title and variable(title) else title", "return title", "bad_lists.py::test_S7_a_name_that_others_gave_reads_nothing_of_the_environment"),
    m("CF5", "a variable spelt with escapes is one", "config/load.py", """ or "\\\\" in text:""", ":", "config_mistakes.py::test_a_variable_is_read_however_it_is_spelt"),
    # ---- the store
    m("K1", "what is still in its feed is not pruned", "store/retention.py", "{*aged, *beyond} - held", "{*aged, *beyond}", "decisions.py::test_prune_leaves_what_is_still_in_its_feed"),
    m("B3", "an empty file is no database of ours", "store/opening.py", "if path.stat().st_size == 0:", "if False:", "decisions.py::test_an_empty_file_is_called_empty"),
    m("R2", "what fits two stored entries is neither", "store/recognise.py", "if len(fitting) == 1 or (fitting and same is _same_words):", "if fitting:", "items.py::test_from_poll_to_poll"),
    m("B4", "the last of many at a time", "batches.py", "range(0, len(values), size)", "range(0, len(values) - size + 1, size)", "small_values.py::test_a_long_sequence_some_at_a_time"),
    # ---- folding
    m("F4", "a split holds for the level item", "fold/overrides.py", "not in (None, levels.EVENT.name)", "== levels.TEXT.name", "decisions.py::test_a_split_holds_whatever_folded_it"),
    m("F2", "the window of texts", "fold/levels.py", "if weight >= COPIED and abs(at - when) <= window", "if weight >= COPIED", "decisions.py::test_the_window_of_texts_at_its_edge"),
    m("F5", "a split holds for the level text", "fold/overrides.py", "not in (None, levels.EVENT.name)", "== levels.ITEM.name", "decisions.py::test_a_split_holds_whatever_folded_it"),
    # ---- polling
    m("C1", "after a 429 feeds that were not due wait too", "cycle/collect.py", "for other in others if concerned(other)]", "for other in others if False]", "lost.py::test_P11_a_429_pauses_feeds_of_its_host_that_were_not_due"),
    m("H2", "silent after two weeks, not sooner", "health.py", "SILENCE = 14 * 86_400", "SILENCE = 2 * 86_400", "decisions.py::test_silence_at_its_edges"),
    m("H6", "silent after eight of its own gaps", "health.py", "MANY_GAPS = 8", "MANY_GAPS = 7", "decisions.py::test_silence_at_its_edges"),
    m("H3", "401 and 403 are blocked", "health.py", '("blocked", "unauthorized")', '("blocked",)', "lost.py::test_who_lets_no_reader_in_is_called_blocked"),
    m("H5", "who never worked is failing", "health.py", "or memory.succeeded is None", "or False", "lost.py::test_a_source_that_never_worked_fails_at_once"),
    m("H7", "who falls silent is in trouble", "states.py", 'It may have moved without saying so.", "yellow", True)', 'It may have moved without saying so.", "yellow")', "digest.py::test_a_source_that_died_and_a_digest_are_told"),
    m("H8", "the worst state comes first", "states.py", '(*BY_NAME, "disabled")', '(*reversed(BY_NAME), "disabled")', "commands.py::test_the_worst_come_first"),
    m("S2", "the gap doubles from the second failure on", "schedule.py", "min(failures - 1, 10)", "min(failures, 10)", "decisions.py::test_P10_the_first_gap_is_the_usual_one_and_then_it_doubles"),
    m("S3", "failures at once do not come back at once", "schedule.py", " + _jitter(salt, failures, back // 4)", "", "lost.py::test_P22_failures_at_once_do_not_come_back_at_once"),
    m("S5", "never more often than min_interval", "schedule.py", "floor = max(asked, hold, pace.min_interval)", "floor = max(asked, hold)", "decisions.py::test_P7_the_first_interval_is_no_shorter_than_the_least"),
    m("S11", "where none was reached it is tried sooner", "schedule.py", '(4 if failure.kind in ("dns", "connect") else 1)', "1", "decisions.py::test_P10_what_was_not_reached_is_tried_sooner"),
    m("S12", "a server's wish beyond a day is not believed", "schedule.py", "SERVER_CAP = 86_400", "SERVER_CAP = 2 * 86_400", "schedule.py::test_P8_P21_what_is_asked_for_lengthens", "schedule.py::test_P9_P10_backoff"),
    m("S13", "gone is looked at once a week", "schedule.py", "GONE_PAUSE = 7 * 86_400", "GONE_PAUSE = 6 * 86_400", "schedule.py::test_P14_gone_is_looked_at_once_a_week"),
    m("S14", "a move is believed after three sightings", "schedule.py", "MOVE_SIGHTINGS, MOVE_SECONDS = 3, 86_400", "MOVE_SIGHTINGS, MOVE_SECONDS = 2, 86_400", "schedule.py::test_P15_P16_moves"),
    m("S15", "… over a day", "schedule.py", "MOVE_SIGHTINGS, MOVE_SECONDS = 3, 86_400", "MOVE_SIGHTINGS, MOVE_SECONDS = 3, 0", "schedule.py::test_P15_P16_moves"),
    m("S16", "the gap counts from the end of a request", "schedule.py", "self._flying[host] -= 1\n        self._not_before(host, now + self._gap)\n", "self._flying[host] -= 1\n", "schedule.py::test_P11_P12_hosts"),
    m("S17", "skipped days hold for one day", "schedule.py", "if is_a_day_off and later // 3600 % 24 not in hints.skip_hours:", "if False:", "schedule.py::test_P21_a_day_is_enough"),
    m("W1", "what left the config is gone after a week", "web.py", "SECOND_THOUGHTS = 7 * 86_400", "SECOND_THOUGHTS = 6 * 86_400", "web.py::test_F54_what_left_the_config_is_missed_for_a_week_then_gone_and_may_come_back"),
    m("W2", "a client that trickles is let go", "server.py", "now - self.asking > self._patience", "False", "web.py::test_S20_a_client_that_trickles_is_let_go"),
    # ---- one cycle
    m("L1", "no sign of life where all failed", "cycle/stages.py", "if not config.ping_url or report.all_failed:", "if not config.ping_url:", "promises.py::test_ping_url_is_called_unless_every_poll_failed"),
    m("L2", "a hub that does not answer is left alone", "cycle/pings.py", "if failure is not None and failure.status is None:", "if False:", "promises.py::test_F59_a_hub_that_never_answers_delays_nothing"),
    m("L3", "what a hub brought is not polled too", "cycle/stages.py", " if task.source.id not in fresh]", "]", "push.py::test_what_a_hub_brought_is_not_polled_too"),
    m("L5", "a stop comes between two messages, not between one and its being told", "cycle/hooks.py", "        stop.check()  # not between a message and its being told: it is noted as looked at already\n", "        next(_messages(config, store, hook, now), None)\n        stop.check()\n", "digest.py::test_R15_what_a_stop_left_untold_is_told_by_the_next_cycle"),
    m("L6", "how much a hook says of a command that failed", "cycle/hooks.py", "WORDS = 300 ", "WORDS = 299 ", "digest.py::test_how_much_is_said_of_what_went_wrong"),
    m("L7", "… and of a headline that was not told", "cycle/hooks.py", "TITLE = 100 ", "TITLE = 99 ", "digest.py::test_how_much_is_said_of_what_went_wrong"),
    m("L8", "… and of a summary", "cycle/hooks.py", "SUMMARY = 1000 ", "SUMMARY = 999 ", "digest.py::test_of_a_long_summary_a_thousand_characters_are_told"),
    m("L9", "so many links of a page are looked at", "cycle/discovery.py", "TRIED = 8 ", "TRIED = 7 ", "promises.py::test_which_feeds_of_a_page_are_found"),
    m("L10", "where a feed is sent to for today is not its address", "cycle/discovery.py", "fetched.permanent or link", "fetched.url or link", "promises.py::test_which_feeds_of_a_page_are_found"),
    m("L11", "feeds of comments come last", "cycle/discovery.py", "discover.is_comments(one.url, one.title), ", "False, ", "promises.py::test_which_feeds_of_a_page_are_found"),
    m("L12", "a plan under another choice for all topics", "cycle/plan.py", "if _looks_like(before.config) != _looks_like(after.config):", "if False:", "cycle.py::test_plan_counts_what_feeds_would_have_no_room_for"),
    m("L13", "… for one topic", "cycle/plan.py", " and _chooses(topic) == _chooses(topics[name])", "", "cycle.py::test_plan_counts_what_feeds_would_have_no_room_for"),
    m("L14", "a subscription that no hub ended in time", "cycle/push.py", " or now > one.asked_at + websub.RETRY", "", "push.py::test_which_subscriptions_are_forgotten"),
    m("L15", "a hub leaves out what it was to push", "cycle/push.py", "if name in known and known[name].is_live(now)", "if name in known", "push.py::test_what_a_hub_left_out"),
    m("L16", "what is not pushed is polled sooner, but for servers that asked for more", "cycle/push.py", "planned > memory.not_before", "planned", "push.py::test_what_is_not_pushed_any_more_is_polled_as_before"),
    m("L17", "a list that was looked at ahead of the clock", "cycle/lists.py", "if before.looked_at > now:", "if False:", "lists.py::test_when_a_list_is_looked_at"),
    m("L18", "health, where a source is overdue", "cli/livepages.py", "OVERDUE = 6 * 3600", "OVERDUE = 7 * 3600", "meters.py::test_R18_health_is_bad_when_a_source_is_overdue_for_six_hours"),
    m("L4", "a clock that went back", "cycle/stages.py", 'if now < int(store.meta("clock") or now):', "if False:", "years.py::test_R13_a_clock_that_jumps_ahead_takes_nothing_away_and_dates_nothing_for_good", "years.py::test_R13_what_was_edited_while_the_clock_was_ahead_is_from_now_too"),
    # ---- bounds that somebody meets
    m("HK1", "a hook looks at a hundred things in a cycle", "cycle/hooks.py", "MOST = 100 ", "MOST = 101 ", "digest.py::test_a_hook_looks_at_so_many_things_in_a_cycle"),
    m("HK2", "telling one hook takes a minute of a cycle", "cycle/hooks.py", "LONG = 60.0", "LONG = 61.0", "digest.py::test_R15_telling_one_hook_takes_a_minute_of_a_cycle"),
    m("PU1", "ten hubs are asked in a cycle", "cycle/push.py", "AT_A_TIME = 10 ", "AT_A_TIME = 11 ", "push.py::test_so_many_hubs_are_asked_in_a_cycle"),
    m("SE1", "five hundred results are counted", "cli/livepages.py", "MATCHES = 500 ", "MATCHES = 501 ", "meters.py::test_so_many_results_of_a_search_are_counted"),
    m("SE2", "a search has thirty terms", "cli/livepages.py", "SEARCH_TERMS = 30 ", "SEARCH_TERMS = 31 ", "meters.py::test_a_search_has_bounds"),
    m("LG1", "a failure that comes again is told again", "cli/service.py", "            del self._failed[source]\n", "", "meters.py::test_R19_trouble_is_told_aloud_when_it_begins_changes_and_ends"),
    m("TF1", "the title of prose has 140 characters", "parse/stories.py", "TITLE = 140 ", "TITLE = 141 ", "parse.py::test_the_first_sentence_of_prose_is_its_title_up_to_a_length"),
    m("TF2", "prose is known by forty words", "parse/stories.py", "BEGINNING = 40 ", "BEGINNING = 41 ", "parse.py::test_prose_is_known_by_the_words_that_it_begins_with"),
    m("FP1", "eight outlets are named on the front page", "render/pages.py", "OUTLETS = 8 ", "OUTLETS = 9 ", "pages.py::test_the_front_page_names_so_many_outlets_of_an_event"),
    m("FP2", "five stories of a topic are on the front page", "render/pages.py", "NEWEST = 5 ", "NEWEST = 6 ", "pages.py::test_the_front_page_shows_so_many_stories_of_a_topic"),
    m("RO1", "three links show what all of them say", "store/recognise.py", "ROTATING = 3 ", "ROTATING = 2 ", "items.py::test_what_all_links_say"),
    m("CK1", "no header of cookies is longer than servers take", "fetch/cookies.py", "MAX_LENGTH = 8000 ", "MAX_LENGTH = 8001 ", "cookies.py::test_a_header_of_cookies_that_no_server_takes_is_not_sent"),
    m("NO1", "two hundred changes of state are published", "store/sources.py", "NOTICES = 200 ", "NOTICES = 201 ", "store.py::test_so_many_changes_of_state_are_published"),
    m("EM1", "pages within pages end at the fifth", "text/embedded.py", "MAX_DEPTH = 5 ", "MAX_DEPTH = 6 ", "embedded.py::test_a_page_within_a_page_is_shown_to_a_depth"),
    m("EM2", "what does not end is looked for once", "text/embedded.py", "            self.endless.add(name)\n", "            pass\n", "embedded.py::test_B8_what_does_not_end_is_looked_for_once"),
    # ---- the same text
    m("D1", "share of the words", "dedupe/decision.py", "THRESHOLD = 0.6 ", "THRESHOLD = 0.75 ", "decisions.py::test_one_text_or_not"),
    m("D3", "numbers in bodies", "dedupe/decision.py", "if _disagree(a.body_numbers, b.body_numbers, least):", "if False:", "decisions.py::test_one_text_or_not"),
    m("D7", "a correction says so", "dedupe/decision.py", "if (self.a.repeat or self.b.repeat) and self.held >= THRESHOLD:", "if False:", "decisions.py::test_one_text_or_not"),
    m("D9", "a long text that quotes a short one", "dedupe/decision.py", "if THRESHOLD <= held < QUOTED and least < SENTENCES and self.most > 4 * least:", "if False:", "decisions.py::test_one_text_or_not"),
    m("D10", "agencies are no names", "dedupe/decision.py", "if (set(mine) | set(other)) & _AGENCIES or set(mine) & set(other):", "if set(mine) & set(other):", "decisions.py::test_one_text_or_not"),
    m("D11", "a table with a slip", "dedupe/decision.py", "return min(map(len, figures)) >= TABLE and", "return False and", "decisions.py::test_one_text_or_not"),
    m("D13", "a short text that comes again after three days", "dedupe/decision.py", "72 * 3600", "73 * 3600", "same_text.py::test_time_and_sources_at_their_edges"),
    m("D14", "what a source tells again is another edition", "dedupe/decision.py", "self.between.seconds < SOON", "self.between.seconds < 2 * SOON", "same_text.py::test_time_and_sources_at_their_edges"),
    m("D15", "another recording", "dedupe/decision.py", "if between.other_media:", "if False:", "same_text.py::test_time_and_sources_at_their_edges"),
    m("D16", "negations", "dedupe/decision.py", " and contrary.negation(mine, other, self.language):", " and False:", "same_text.py::test_pairs_of_items"),
    m("D17", "telling words of a headline", "dedupe/decision.py", "HEADLINE = 4 ", "HEADLINE = 3 ", "same_text.py::test_time_and_sources_at_their_edges"),
    m("D18", "headlines that nobody writes by chance", "dedupe/decision.py", "return mine == other and len(mine) >= SAME_HEADLINE", "return mine == other", "decisions.py::test_a_headline_that_nobody_writes_by_chance"),
    m("D20", "opposite words", "dedupe/headline.py", "        if found:\n            return Edits(False, (OPPOSITE", "        if False:\n            return Edits(False, (OPPOSITE", "decisions.py::test_opposite_words_are_named"),
    m("D21", "order of words", "dedupe/headline.py", "if self.moved and not self._clauses_moved(own):", "if False:", "same_text.py::test_pairs_of_items"),
    m("D22", "thousands and decimals", "dedupe/numbers.py", "_GROUPS = re.compile(\n    r\"[1-9]", "_GROUPS = re.compile(\n    r\"X[1-9]", "same_text.py::test_numbers_are_read_as_they_are_meant"),
    m("D23", "a sentence stands with the second title", "fold/cache.py", "if any(apart) if two else len(apart) > 1 and all(apart):", "if len(apart) > 1 and all(apart):", "decisions.py::test_a_sentence_stands_with_the_second_title_that_it_says_nothing_of"),
    m("X1", "one text under two titles", "dedupe/cases.py", "STANDS = 0.9 ", "STANDS = 0.7 ", "cases.py::test_STANDS_one_text_under_two_titles", "cases.py::test_STANDS_a_source_that_tells_one_text_twice_has_no_frame"),
    m("X2", "words that tell nothing of a happening", "dedupe/cases.py", "COMMON = 0.05 ", "COMMON = 0.5 ", "cases.py::test_COMMON_a_word_that_every_other_item_holds_tells_nothing"),
    m("X3", "two telling words within a frame", "dedupe/cases.py", "SAID = 2 ", "SAID = 1 ", "cases.py::test_SAID_headlines_of_two_sources_say_enough_of_their_own"),
    m("X4", "one frame that is filled anew", "dedupe/cases.py", "if found.names > 1 or (found.names and (", "if (found.names and (", "cases.py::test_one_frame_that_is_filled_anew"),
    m("X5", "a text that tells of the other's name", "dedupe/cases.py", " or tells_of(a, b) or tells_of(b, a)", "", "cases.py::test_a_text_that_tells_of_the_other_name_may_tell_the_same"),
    m("X6", "two pairs of characters are a word", "dedupe/decision.py", "return len(one.body) - sum(map(is_dense, one.body)) // 2", "return len(one.body)", "same_text.py::test_LONG_BODY_two_pairs_of_characters_are_about_a_word"),
    m("X7", "a number that both say", "dedupe/naming.py", " or not _figures(a).isdisjoint(_figures(b))", "", "naming.py::test_two_of_a_kind_that_may_be_one"),
    m("X8", "a date is no number", "dedupe/naming.py", "return found - _dates((*one.title, *one.body)) if found else found", "return found", "naming.py::test_two_of_a_kind_that_may_be_one"),
    m("X9", "what introduces a series", "dedupe/decision.py", "return all(spoken)  #", "return any(spoken)  #", "same_text.py::test_pairs_of_items"),
    m("X10", "a listed word begins many a title", "dedupe/naming.py", "stems[first] not in shares and", "", "naming.py::test_what_one_source_tells_of_two_things_that_its_titles_begin_with"),
    # ---- the same event
    m("V1", "how sure two events have to be", "cluster.py", "THRESHOLD = 0.55 ", "THRESHOLD = 0.62 ", "merging.py::test_events_grow_best_first", "merging.py::test_linkage"),
    m("V2", "large events are harder to merge", "cluster.py", "CROWD, CROWD_POWER = 4, 0.15", "CROWD, CROWD_POWER = 4, 0.0", "merging.py::test_linkage"),
    m("V3", "so are several stories of one source", "cluster.py", "REPEATED_POWER = 0.15", "REPEATED_POWER = 0.0", "merging.py::test_linkage"),
    m("V4", "hours between two stories", "cluster.py", "ODDS_HOUR = -0.158", "ODDS_HOUR = -0.1", "merging.py::test_probability"),
    m("V34", "another age, wherever it is said", "dedupe/particulars.py", "mine.isdisjoint(other):\n        return True", "False:\n        return True", "particulars.py::test_particulars_of_one_kind_differ"),
    m("V35", "another version, road, number in a row", "dedupe/particulars.py", "_apart(ours, _of_title(b.heading, b.language))", "False", "particulars.py::test_particulars_of_one_kind_differ"),
    m("V36", "the contrary in the same words", "dedupe/cases.py", " or _contrary(a, b):", ":", "particulars.py::test_the_contrary_in_the_same_words"),
    m("V37", "other names, and little else alike", "fold/merging.py", "return cluster.doubted(value)", "return value", "particulars.py::test_ODDS_OTHER_NAMES_what_is_doubted_has_to_be_very_much_alike"),
    m("V38", "two matches", "dedupe/particulars.py", "if _two_matches(a.heading, b.heading):", "if False:", "particulars.py::test_particulars_of_one_kind_differ"),
    m("V39", "what each of two days brought", "dedupe/cases.py", "if tells_a_day(a) and tells_a_day(b) and _other_numbers(a, b):", "if False:", "cases.py::test_what_each_day_brings"),
    m("V40", "offers of two things", "dedupe/cases.py", "return Case.NO if spoken else Case.SURE", "return Case.NO", "offers.py::test_two_offers_are_two"),
    m("V41", "the name of a sale alone makes no offer", "text/offers.py", " and not said.price.isdisjoint(found)", "", "offers.py::test_no_offer"),
    m("V42", "a heading of a text is its title", "dedupe/fingerprints.py", "text = _below(title, text) or text", "text = text", "text.py::test_a_text_below_its_own_title"),
    m("V43", "a mistake in comparing ends no fold", "fold/asking.py", "            return otherwise", "            raise", "fold.py::test_B7_a_mistake_in_comparing_two_ends_nothing_and_is_said"),
    m("V44", "no part of a name in katakana is a country", "text/countries.py", " and not _is_cut(folded, place, place + len(name))", "", "countries.py::test_countries_that_are_named"),
    m("V45", "a text that speaks of the other country tells of both", "dedupe/naming.py", "_countries(one) | countries(one.shown)", "_countries(one)", "countries.py::test_two_countries_are_two_events"),
    m("V46", "two sources that name one country may tell the same", "dedupe/cases.py", "Case.DOUBTED if share_a_country(a, b) and not one_source else Case.LIKELY", "Case.LIKELY", "countries.py::test_two_countries_are_two_events"),
    m("V47", "letters that are left of a word without what stands before it", "text/countries.py", "    if word.startswith(_BEFORE):", "    if False:", "countries.py::test_countries_that_are_named"),
    m("V48", "versions of what has no name", "dedupe/particulars.py", ' or (word in _VERSION and "." in number)', "", "particulars.py::test_particulars_of_one_kind_differ"),
    m("AL1", "few files are looked at each time", "cycle/asleft.py", "if count < MANY or not", "if not", "asleft.py::test_MANY_fewer_files_are_looked_at_each_time"),
    m("AL2", "of a publication that was stopped nothing is known", "cycle/publisher.py", "    asleft.forget(store)\n", "", "asleft.py::test_what_a_stopped_publication_left_goes_with_the_next"),
    m("TF3", "front matter gives all paragraphs one title", "parse/stories.py", "    if title_of_all:", "    if False:", "parse.py::test_front_matter_gives_all_paragraphs_one_title"),
    m("V5", "two stories of one source", "cluster.py", "ODDS_SAME_SOURCE = -1.0", "ODDS_SAME_SOURCE = 0.0", "merging.py::test_probability"),
    m("V6", "the window of events", "fold/merging.py", "if abs(one.at - other.at) > self._window:", "if False:", "merging.py::test_beyond_the_window_nothing_is_one_event"),
    m("V7", "two cases of a template are no event", "fold/merging.py", "return value if case is Case.NO else 0.0", "return value", "merging.py::test_another_case_is_asked_once_and_only_where_it_matters"),
    m("V12", "a tenth of the pairs of two events are two cases", "fold/merging.py", "APART = 0.1 ", "APART = 0.2 ", "merging.py::test_APART_two_events_of_which_a_tenth_are_two_cases"),
    m("V13", "nobody knows the time of what has no date", "cluster.py", "UNKNOWN = 24.0", "UNKNOWN = 0.0", "cycle.py::test_short_titles_without_dates_are_no_event_for_one_word"),
    m("V14", "only a first document is of any time", "store/entries.py", "    return told is None\n", "    return True\n", "items.py::test_of_what_has_no_date_in_a_first_document_nobody_knows_when_it_was_new"),
    m("V15", "what is usual in a source makes no event", "fold/batch.py", "shared -= self.usual.of(mine.source)", "shared -= frozenset()", "fold.py::test_what_is_usual_in_a_source_makes_no_event"),
    m("V16", "every second item says what is usual", "fold/usual.py", "USUAL, RECENT, TELLS = 0.5,", "USUAL, RECENT, TELLS = 0.51,", "fold.py::test_what_is_usual_is_counted_in_what_a_source_told_last"),
    m("V17", "a short line stands with the third title", "dedupe/standing.py", "yield part, Said(said, 3)", "yield part, Said(said, 2)", "same_text.py::test_a_short_line_stands_where_it_is_all_that_is_said"),
    m("V8", "what the user keeps apart", "fold/merging.py", "if b in self._apart[a]:", "if False:", "merging.py::test_what_the_user_said"),
    m("V9", "of several events the oldest stays", "fold/merging.py", "oldest = min(events, key=lambda event: (age[event], event))", "oldest = max(events, key=lambda event: (age[event], event))", "merging.py::test_which_event_a_group_is"),
    m("V10", "words of what is unmade are counted again", "store/queue.py", "        _uncount(writer)\n        _let_go(writer)\n", "        _let_go(writer)\n", "merging.py::test_a_word_taken_back_leaves_no_trace"),
    m("V11", "words of what the user joins are counted once", "fold/by_hand.py", "with vocabulary.recounted(writer, (a, b)):", "if True:", "merging.py::test_a_word_taken_back_leaves_no_trace"),
    # ---- what an item says
    m("P1", "two items under one guid and link", "parse/normal.py", "        return not all(_are_alike(entry, first) for entry in entries)", "        return first.link_key is None and not all(_are_alike(entry, first) for entry in entries)", "items.py::test_from_poll_to_poll"),
    m("P2", "end tags that are left out", "text/markup.py", "        _close_implied(is_open, name)\n", "", "text.py::test_end_tags_that_may_be_left_out_nest_nothing"),
    m("P3", "letters encoded twice, beyond doubt", "text/characters.py", "    if certain > 1:", "    if certain > 0:", "text.py::test_letters_that_were_encoded_twice"),
    m("P4", "quotes behind a capital letter", "text/characters.py", "if letters and not certain:", "if False:", "text.py::test_letters_that_were_encoded_twice"),
    m("P5", "two categories of one term", "parse/normal.py", "words.fold(shown or text)", "words.fold(text or shown)", "parse.py::test_categories_of_one_term"),
    # ---- one item of several tellings
    m("N1", "the media of all tellings", "edition/unite.py", "enclosures=_enclosures((lead, *same), others, name, most),", "enclosures=lead.enclosures,", "unite.py::test_F41_a_blog_that_announces_an_episode_brings_its_audio_and_its_text"),
    m("N2", "each address once", "edition/unite.py", "    if known is None:\n", "    if True:\n", "unite.py::test_F41_the_media_of_all_tellings_each_address_once"),
    m("N3", "media of others are bounded", "edition/unite.py", "if len(found) < limit:", "if True:", "unite.py::test_F41_media_of_others_of_an_event_are_named_and_bounded"),
    m("N4", "the whole text instead of its beginning", "edition/unite.py", "and _is_part(lead, longest)", "", "unite.py::test_F29_the_text_of_a_story_is_the_whole_one"),
    # ---- editions
    m("I1", "to be printed until it is on disk", "cycle/publisher.py", "    publisher = Publisher(config, store, folder, seen.missing, now, stop or Stop(), is_all_new, going)\n", "    publisher = Publisher(config, store, folder, seen.missing, now, stop or Stop(), is_all_new, going)\n    unpublished.printed(store, unpublished.dirty_editions(store))\n", "lost.py::test_R4_what_was_not_written_is_still_to_be_written"),
    m("E1", "a burst stays for two days", "edition/__init__.py", "BURST_WINDOW = 48 * 3600", "BURST_WINDOW = 47 * 3600", "decisions.py::test_F26_a_burst_stays_for_two_days"),
    m("E5", "a feed of large items keeps thirty", "edition/__init__.py", "LEAST = 30", "LEAST = 29", "decisions.py::test_F25_thirty_items_whatever_their_size"),
    m("E6", "what is wanted and left over stays", "publish.py", "if name in self._files and name not in files)", "if name in self._files)", "folder.py::test_a_file_that_is_wanted_and_left_over_stays"),
    m("E7", "of equals in a digest the newest comes first", "digest.py", "(-item.sources, -item.published, item.id)", "(-item.sources, item.published, item.id)", "digest.py::test_the_order_of_a_digest"),
    m("I2", "what is put away is composed once where nothing else decides", "cycle/archives.py", ' and view.sort == "newest"', "", "memory.py::test_what_is_put_away_is_composed_once"),
    m("I3", "what has no date says not enough of what is new", "edition/__init__.py", "dated.issuperset(chosen) and ", "", "pages.py::test_the_newest_say_enough"),
    # ---- what is known at a glance to be safe
    m("Y1", "a block ends a paragraph", "text/settled.py", '"p" not in is_open and not', "not", "settled.py::test_of_all_else_it_says_no"),
    m("Y2", "rel stands last", "text/settled.py", 'said[-1] != _REL or values.pop("rel") != _REL[1]', 'values.pop("rel", "") != _REL[1]', "settled.py::test_of_all_else_it_says_no"),
    m("Y3", "nothing but cells in a row", "text/settled.py", " or (is_open and is_open[-1] in _OF_TABLES)", "", "settled.py::test_of_all_else_it_says_no"),
    m("Y5", "a link leads to the web", "text/settled.py", 'if key in ("href", "src") and not _WEB.match(value):', "if False:", "settled.py::test_of_all_else_it_says_no"),
    m("Y4", "no attribute that would not be kept", "text/settled.py", "return kept(name, key, value) == value", "return True", "settled.py::test_of_all_else_it_says_no"),
    # ---- topics that learn, and those that are missing
    m("Q1", "half of a rule's word is hidden with it", "learn.py", 'if not one.startswith(("§", *hidden)))', 'if one not in hidden and not one.startswith("§"))', "topics.py::test_a_rules_words_are_hidden_and_what_begins_so"),
    m("Q2", "unusual entries belong to a topic too", "learn.py", "for likeness in likenesses) / (1 - UNUSUAL))", "for likeness in likenesses))", "topics.py::test_how_many_of_the_others_belong_to_a_topic"),
    m("G1", "a word of every fifth event names nothing", "suggest.py", " and everywhere[word] <= max(FEW, COMMON * all_)", "", "topics.py::test_a_word_of_more_than_every_fifth_event_names_no_topic"),
    m("G2", "company is seldom elsewhere", "suggest.py", " and count >= everywhere[word] / 2]", "]", "topics.py::test_words_that_come_with_a_topics_word_are_seldom_elsewhere"),
    m("G3", "words of all sorts of news name a group last", "suggest.py", " * rarity[word]", "", "topics.py::test_the_word_that_tells_most_names_the_group"),
    m("G4", "a word of no list is no rarer than others", "suggest.py", "min(RAREST, math.log(EVERYDAY / share))", "math.log(EVERYDAY / share)", "topics.py::test_the_word_that_tells_most_names_the_group"),
    m("G5", "two texts may tell one event", "evaluate.py", "    if is_open:\n        _part(rows, \"event\", a, b)\n", "", "eval.py::test_what_answers_say_together"),
    m("G6", "two events are two texts", "evaluate.py", 'if answer.is_same else ("story", "event")', 'if answer.is_same else ("event",)', "eval.py::test_what_answers_say_together"),
    # ---- addresses
    m("U2", "www. of a host of two labels is its name", "urls.py", "while len(labels) > 2 and labels[0] in _SAME_HOSTS:", "while len(labels) > 1 and labels[0] in _SAME_HOSTS:", "decisions.py::test_the_name_of_a_host_is_no_prefix"),
    m("U5", "length of an id", "urls.py", "len(text) > 2048", "len(text) > 2049", "urls.py::test_F10_ids"),
)
# fmt: on


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these (default: all)")
    parser.add_argument("--list", action="store_true", help="what there is, and end")
    wanted = parser.parse_args()
    unknown = set(wanted.ids) - {one.id for one in MUTANTS}
    if unknown:
        parser.error(f"no mutant is called {', '.join(sorted(unknown))}; --list shows them")
    mutants = [one for one in MUTANTS if not wanted.ids or one.id in wanted.ids]
    if wanted.list:
        for one in mutants:
            print(f"{one.id:4} {one.decision:50} {one.file}")
        return
    sys.exit(tried(mutants))


def tried(mutants: list[Mutant]) -> int:
    """Exit code: 0 where all are killed."""
    with copy() as tree:
        unbroken = tests(tree, sorted({test for one in mutants for test in one.tests}), None)
        if unbroken.returncode:
            print(
                unbroken.stdout[-3000:] + "\nthe tests have to pass before anything is broken",
                file=sys.stderr,
            )
            return 1
        outcomes = []
        for number, one in enumerate(mutants, 1):
            outcomes.append(outcome(tree, one))
            print(f"{number:3}/{len(mutants)} {one.id:4} {one.decision:50} {outcomes[-1]}", flush=True)
    killed = sum(said.startswith("killed") for said in outcomes)
    print(f"{killed} of {len(mutants)} killed")
    return int(killed < len(mutants))


@contextmanager
def copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in COPIED:
            place = ROOT / name
            if place.is_dir():
                shutil.copytree(place, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
            elif place.exists():
                shutil.copy(place, tree / name)
        yield tree


def outcome(tree: Path, one: Mutant) -> str:
    """In words; begins with "killed" where a test noticed."""
    place = tree / one.file
    text = place.read_text(encoding="utf-8") if place.exists() else ""
    if (times := text.count(one.old)) != 1:
        return f"STALE: its text is {times} times in {one.file}; look at what became of the decision"
    place.write_text(text.replace(one.old, one.new), encoding="utf-8")
    try:
        done = tests(tree, one.tests)
    except subprocess.TimeoutExpired:
        return f"killed: its tests hang for {TIME} s"
    finally:
        place.write_text(text, encoding="utf-8")
    return verdict(done.returncode, done.stdout)


def verdict(code: int, said: str) -> str:
    """What it means that pytest ended so."""
    if broken := NO_PROGRAM.search(said):
        return f"STALE: {broken[0].removeprefix('E').strip()}; what it puts there is no program any more"
    if code == 1:
        return "killed"
    return "SURVIVED" if code == 0 else f"NOT RUN: pytest ends with {code}"


def tests(tree: Path, names: Iterable[str], limit: int | None = TIME) -> subprocess.CompletedProcess[str]:
    # No bytecode: two texts of one size within a second would share it.
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *names]
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, timeout=limit, check=False
    )


if __name__ == "__main__":
    main()
