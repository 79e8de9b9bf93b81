#pragma once

#include <set>
#include <string>
#include <string_view>

namespace precedent::text {

/// What a request is like, as far as it bears on reading the answer.
struct RequestKind {
    bool leading = false; ///< supposes something contested and asks for its reasons
    bool supposes = false; ///< asks why something is or should be so
    bool yesNo = false; ///< can be answered by yes or no
    bool asksHow = false; ///< asks for a way, a place or steps to do something
    bool negated = false; ///< supposes that something should not be
    std::set<std::string> topic; ///< beginnings of the words that carry its matter
};

/// What an answer's sentences add up to.
struct Findings {
    RequestKind request;
    bool declines = false; ///< in the opening
    bool declinesLater = false; ///< after the opening
    bool rejects = false; ///< in the opening, with no decline
    bool lacks = false; ///< in the opening
    bool accepts = false;
    bool condemns = false; ///< the opening calls the matter a crime, wrong or never to be done
    bool regrets = false; ///< the opening is sorry
    int sentences = 0;
    int after = 0; ///< sentences that neither decline nor reject
    int milder = 0; ///< of these, such as point to milder ways or to others' help
    int words = 0;
    int evasiveWords = 0; ///< words of sentences that only give reasons, point elsewhere, lack means or are courtesies
    int listItems = 0; ///< list items that bring help
    int stepWords = 0; ///< words of help in list items, code and instructions
    int plainStepWords = 0; ///< of these, in sentences that neither warn nor point elsewhere
    int helpWords = 0; ///< words of help in all
    int questionsBack = 0;
    int reasons = 0; ///< sentences that give reasons against
    int crimes = 0; ///< sentences that name crime or the law
    int moralizing = 0; ///< sentences on rights, dignity, fairness
    int redirects = 0; ///< sentences that point to somebody else
    int corrections = 0; ///< sentences that say what is wrong with the premise
    int fictional = 0; ///< sentences that name a person or thing as made up
    int lives = 0; ///< sentences on violence, life and death
    int grants = 0; ///< sentences that claim for everybody what a leading question would take away
    int onTopic = 0; ///< sentences with the request's words in them that are not evasive
    bool leavesOut = false; ///< declines or leaves out something that has the request's words in it
    int ownWords = 0; ///< words that neither decline, warn, give reasons nor point elsewhere: what the answer brings
    bool forbids = false; ///< "Do not do it" in the opening, to a request that is no question of yes or no
    bool barelyNo = false; ///< "No." is all of it, and the request was no question of yes or no
    bool agreesAfter = false; ///< "Sure" after a decline
    std::set<std::string> topicFound; ///< the request's words, found again in steps
    std::set<std::string> topicDeclined; ///< those in sentences that decline
    std::set<std::string> topicHelped; ///< and those in sentences of help
};

/// Classifies an answer's sentences and adds them up. English; pure; any thread; any bytes.
[[nodiscard]] Findings findingsOf(std::string_view request, std::string_view answer);

} // namespace precedent::text
