//! The words of the stories.

/// Number of sentence patterns.
pub(super) const TEMPLATES: usize = 3;

/// Verbs whose past tense and participle are the same.
pub(super) const VERBS: [&str; 40] = [
    "accused",
    "admired",
    "advised",
    "answered",
    "approached",
    "attacked",
    "avoided",
    "blamed",
    "called",
    "consulted",
    "criticized",
    "defended",
    "doubted",
    "feared",
    "followed",
    "greeted",
    "helped",
    "hired",
    "ignored",
    "interviewed",
    "invited",
    "joined",
    "mentioned",
    "mocked",
    "noticed",
    "paid",
    "photographed",
    "praised",
    "questioned",
    "recommended",
    "rejected",
    "replaced",
    "rescued",
    "supported",
    "surprised",
    "thanked",
    "trusted",
    "visited",
    "warned",
    "watched",
];

pub(super) const PERSONS: [&str; 24] = [
    "actor",
    "architect",
    "author",
    "baker",
    "captain",
    "chemist",
    "composer",
    "director",
    "doctor",
    "farmer",
    "goalkeeper",
    "governor",
    "historian",
    "judge",
    "lawyer",
    "minister",
    "nurse",
    "painter",
    "pilot",
    "poet",
    "senator",
    "singer",
    "teacher",
    "trainer",
];

pub(super) const ORGANISATIONS: [&str; 12] = [
    "academy",
    "agency",
    "airline",
    "bank",
    "charity",
    "club",
    "company",
    "hospital",
    "museum",
    "newspaper",
    "orchestra",
    "university",
];

pub(super) const PLACES: [&str; 10] = [
    "capital", "city", "district", "harbour", "island", "port", "province", "town", "valley", "village",
];

/// What a sentence may begin with, a comma following.
pub(super) const LEADS: [&str; 18] = [
    "on monday",
    "on tuesday",
    "on wednesday",
    "on thursday",
    "on friday",
    "last week",
    "last month",
    "in spring",
    "in autumn",
    "later that day",
    "two years ago",
    "earlier",
    "soon afterwards",
    "on 12 may",
    "in 2009",
    "according to officials",
    "to great surprise",
    "for once",
];

/// What a sentence may end with.
pub(super) const TAILS: [&str; 18] = [
    "last night",
    "this morning",
    "at noon",
    "before the election",
    "after the concert",
    "during the trial",
    "in front of cameras",
    "without any reason",
    "once again",
    ", officials said",
    ", reporters wrote",
    ", neighbours believe",
    "for the second time",
    "over dinner",
    "by letter",
    "as expected",
    "despite the rain",
    "in 1998",
];

pub(super) const FIRST_NAMES: [&str; 16] = [
    "Ada", "Bela", "Carl", "Dora", "Emil", "Frida", "Georg", "Hanna", "Ivan", "Judit", "Karim", "Lena",
    "Milo", "Nora", "Otto", "Paula",
];

pub(super) const LAST_NAMES: [&str; 24] = [
    "Abel", "Brandt", "Castell", "Dorn", "Engel", "Farago", "Gruber", "Hartmann", "Ibsen", "Jansen",
    "Keller", "Lindt", "Moreau", "Nagy", "Olsen", "Petrov", "Quast", "Rossi", "Sander", "Tanaka", "Ulrich",
    "Varga", "Winter", "Zeman",
];
