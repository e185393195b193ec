"""What the audit tells apart."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What was done. A kind is kept for ever: none is renamed, none means something else later."""

    STARTED = "started"  # a service began, each process for itself
    STOPPED = "stopped"  # one ended as it was told; one that is killed says nothing
    CALLED = "called"  # a CDS hook was answered
    ANSWERED = "answered"  # somebody accepted or overrode a card
    REFUSED = "refused"  # a token that an issuer has signed, or somebody who has signed in and has no part here
    REVIEWED = "reviewed"  # somebody who is signed in saw a review on the page
    LAUNCHED = "launched"  # a record system opened the page for a person
    SIGNED_IN = "signed in"
    SIGNED_OUT = "signed out"
    DIARY_MADE = "diary made"
    DIARY_OPENED = "diary opened"  # whoever had the link, or the clinic, looked into it
    DIARY_ENTERED = "diary entered"
    DIARY_EXPORTED = "diary exported"
    DIARY_RENEWED = "diary renewed"  # its link lives longer
    DIARY_LINKED = "diary linked"  # another link in place of the one before, which is closed
    DIARY_PLANNED = "diary planned"  # what is planned of a medicine was attached
    DIARY_REVOKED = "diary revoked"
    DIARY_ERASED = "diary erased"
    ERASED = "person erased"
