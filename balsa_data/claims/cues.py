"""The words that deny, affirm, doubt and divide: the tables that the scope engine reads. English only.

Every table holds phrases in lower case, words separated by one space; a phrase is matched word by word, the longest
first. ``n't`` stands for any contraction that ends so, ``*`` for a sound that is named there.
"""

from __future__ import annotations

from enum import Enum

__all__ = ["CUES", "Cue", "words"]


class Cue(Enum):
    """What a phrase does to the sounds around it."""

    NOT = "negates the verb or phrase that follows; what that is decides how far it reaches"
    NO = "denies what follows"
    LACK = "denies what follows; after a NOT it affirms it"
    GONE = "denies its subject, or what follows where it has none; after a NOT it affirms"
    NONE = "denies what was named before it in the sentence"
    SAME = "says of what follows what was said of the last sound"
    EXCEPT = "affirms what follows a denial, denies what follows a universal"
    CONTRAST = "ends what came before"
    ONLY = "ends a denial, inside its clause"
    HEDGE = "doubts what follows"
    MODAL = "doubts the whole clause"
    UNSETTLED = "leaves open whether what follows is heard"
    IDIOM = "looks like another cue and is none"


def words(text: str) -> frozenset[str]:
    """Return the words of a table."""
    return frozenset(text.split())


_PHRASES = {
    Cue.NOT: "not|n't|cannot|never|cant|dont|doesnt|isnt|arent|fails to|fail to|failed to|failing to|hardly ever|"
    "unable to|impossible to",
    Cue.NO: "no|nor|neither|zero|nobody|no one|nothing|none of|not any|nowhere|unlikely|not a single|not one|nary a|not so",
    Cue.LACK: (
        "without|minus|sans|absence of|absent of|lack of|lacks|lacking|lack|free of|free from|devoid of|"
        "void of|empty of|bereft of|instead of|rather than|as opposed to|in place of|in lieu of|unlike|excluding|"
        "excludes|exclude|omits|omit|omitting|rules out|rule out|ruled out|ruling out|silent about|silent on|"
        "shortage of|scarcity of|unaccompanied by|uninterrupted by|undisturbed by|unbroken by|"
        "deny that there is|deny that there are|deny that|deny hearing|deny|denies|denying|no sign of|no trace of|no hint of|no evidence of|no indication of|not aware of|n't aware of"
    ),
    Cue.GONE: (
        "absent|missing|inaudible|unheard|nonexistent|non-existent|undetectable|imperceptible|excluded|omitted|"
        "undetected|silent|unavailable|absence"
    ),
    Cue.NONE: "none|nowhere to be heard|nowhere to be found|no such sound|no such sounds|no such thing|"
    + "|".join(  # "a siren and rain are what I do not hear"
        f"{be} what {who} {does} hear"
        for be in ("is", "are", "examples of")
        for who in ("i", "you", "we")
        for does in ("do not", "n't", "cannot", "can not", "could not", "did not")
    ),
    Cue.SAME: "as is|as are|as was|as were|so is|so are|so was|so were|and so is|and so are|as do|as does|so do|so does",
    Cue.EXCEPT: (
        "except|except for|excepting|apart from|aside from|other than|besides|beside|save for|barring|beyond|"
        "with the exception of|outside of|but for|despite|in spite of"
    ),
    Cue.CONTRAST: (
        "but|however|instead|although|though|even though|yet|while|whereas|whilst|nevertheless|nonetheless|"
        "on the other hand|on the contrary|in contrast|by contrast|conversely|meanwhile"
    ),
    Cue.ONLY: "only|just|rather|merely|solely|simply|exclusively|leaving|due to|because of|thanks to|owing to|thus",
    Cue.HEDGE: (
        "maybe|perhaps|possibly|probably|presumably|likely|potentially|arguably|apparently|seemingly|supposedly|"
        "seems|seem|seemed|appears to|appear to|appeared to|suggests|suggest|suggesting|suggested|implies|implying|"
        "indicating|indicates|as if|as though|like|sounds like|similar to|resembles|resemble|resembling|"
        "reminiscent of|akin to|evokes|evoking|imagine|imagining|expect|could be|could have been|would|"
        "typically|usually|looks like|mimics|mimicking"
    ),
    Cue.MODAL: "may|might|may be|might be|could also be|must be|should be",
    Cue.UNSETTLED: (
        "if|whether|unless|wonder|wondering|no longer|unclear|uncertain|unsure|hard to tell|hard to say|"
        "difficult to tell|difficult to say|not sure|n't sure|not certain|n't certain|n't tell|cannot tell|"
        "not know|n't know|cannot say|n't say|not say|not tell|not clear if|not clear whether|n't clear if|"
        "n't clear whether|not possible to tell|impossible to tell|cannot determine|n't determine|not determine|"
        "cannot confirm|n't confirm|not confirm|hardly any|barely any|scarcely any|almost no|nearly no|virtually no|practically no|hardly a|little to no|little or no|even if|what if"
    ),
    Cue.IDIOM: (
        "no doubt|no wonder|no matter|no problem|no sooner|no less|no fewer|nothing short of|without a doubt|"
        "without doubt|without question|without stopping|without pause|without a pause|without interruption|"
        "without end|without warning|without ceasing|without a break|not to mention|cannot help but|n't help but|"
        "not uncommon|not unlike|no shortage of|no lack of|no absence of|not only|n't only|not just|n't just|"
        "not merely|not simply|not solely|not exclusively|not necessarily only|none other than|nothing less than|"
        "could be heard|could hear|could be detected|could be perceived|such as|as well as|just as|not long after|"
        "rather loud|rather loudly|rather soft|rather quiet|rather faint|rather quietly|may be heard|might as well|"
        "if not|yes and no|no time|not alone|if any|just like|"
        "like the sound of|would be described as|not far|just before|just after|only a few|such as the|still"
    ),
}

CUES: dict[str, Cue] = {phrase: cue for cue, phrases in _PHRASES.items() for phrase in phrases.split("|")}
"""Every phrase with what it does."""

# After NOT: what the negated verb or phrase is decides whether subject, object or manner is denied.
PERCEIVED = words(
    "heard present audible detected detectable there here part included featured found noticeable noticed perceived "
    "perceptible recorded captured evident occurring happening discernible distinguishable apparent identified "
    "identifiable available among contained listed recognizable picked observed existent involved registered "
    "represented discerned provided given"
)
ACTIVE = words(
    "hear hears hearing contain contains containing include includes including have has having feature features "
    "featuring detect detects detecting notice notices noticing capture captures capturing exhibit exhibits perceive "
    "find finds recognize recognise identify discern make mention mentions involve involves show hold carry possess "
    "consist pick record present reveal observe register think believe produce come sense catch get encounter see "
    "use offer accompanied joined followed mixed interrupted disturbed broken punctuated overlaid covered provide incorporate encompass any anything a an the from of with by to like due one that"
)
HAPPENS = words(
    "fall play occur sound ring happen appear exist blow run come pass go bark speak sing talk chirp falling "
    "playing sounding ringing blowing running speaking singing talking passing going made making arise resound"
)
MANNER = words(
    "loud louder clear clearer very too so as particularly overly especially strong heavy constant continuous "
    "intelligible close fast alone enough stop stopping cease quiet steady harsh melodic rhythmic musical soft "
    "distant nearby near always completely entirely fully quite much overwhelming pleasant consistent "
    "understandable comprehensible specific specified intense frequent regular rapid aggressive gentle"
)
FILLERS = words(
    "be been being really actually currently ever even also at all directly ever necessarily able to can "
    "do does did explicitly anywhere either seem seems appear appears sound clearly distinctly readily easily audibly"
)
FOR_WHOM = words("by to")
DEFINITE_PLACE = words(
    "over amid amidst among amongst during behind beneath underneath alongside accompanying accompany accompanies beside "
    "interrupts interrupt disturbs disturb joins join masks mask covers cover precedes overlaps out in under "
    "with above against within throughout through after before following"
)
UNIVERSAL = words("all every everything each everyone any")
QUIET = words("quiet silent silence still calm")

# What makes a run of words a clause of its own. Forms that are nouns as well (*chimes*, *screams*) are not here.
FINITE = words(
    "is are was were am has have had does do did can could will would may might must should shall cannot isn't aren't "
    "wasn't weren't hasn't haven't hadn't doesn't don't didn't can't couldn't won't wouldn't it's that's there's what's "
    "here's he's she's i'm i've i'd you're they're we're you've hear hears contains contain includes include features "
    "feature plays blows falls runs speaks sings passes starts stops continues goes comes begins follows seems appears "
    "fills makes gives says pours flows occurs happens remains stays dominates accompanies exists consists lacks "
    "captures suggests indicates becomes gets revs idles moves produces creates adds rises emerges depicts describes "
    "presents represents refers opens closes drives walks rolls coos neighs "
    "spoke talked played began started stopped sang barked rang fell ran came went laughed cried"
)
BASE_VERBS = words(
    "bark chirp talk sing speak play blow fall run ring honk meow moo quack cluck laugh cry yell shout scream pass "
    "whisper howl buzz hum roar rumble crash clap cheer applaud sound start stop continue tweet crow croak bleat neigh "
    "chatter converse click tick rustle splash drive move hiss sizzle wail blare approach"
)
