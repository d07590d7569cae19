"""The programs are run by the test, not collected."""

collect_ignore = ["programs"]
