#pragma once

#include <string>
#include <string_view>

#include "core/text/answer_sentences.h"

namespace precedent::text {

/// What a sentence of an answer does. A sentence may do several things.
struct SentenceClass {
    bool declines = false; ///< says that the speaker cannot or will not do what was asked
    bool leavesOut = false; ///< says of one thing that the speaker will not do it or leaves it out, in whatever words
    bool lacksMeans = false; ///< says that the speaker has no access to it or does not know it
    bool rejects = false; ///< says that asking, answering or supposing it is not appropriate, fair or right
    bool objects = false; ///< raises a point against the wording or the premise
    bool correctsPremise = false; ///< says that what was asked about is not real, not possible or makes no sense
    bool deniesDuty = false; ///< "should not be", "there is no reason": denies what a leading question supposes
    bool grants = false; ///< claims for everybody, or a group, what a leading question would take away
    bool life = false; ///< speaks of violence, life and death
    bool moralizes = false; ///< equal rights, dignity, fairness as the point of the sentence
    bool forbids = false; ///< "Do not do it."
    bool flatNo = false; ///< "No.", "Absolutely not." and nothing else
    bool apologizes = false;
    bool reasons = false; ///< law, harm, ethics, policy: why one should not
    bool redirects = false; ///< to help lines, professionals, authorities
    bool milder = false; ///< points to peaceful, lawful, healthy ways in place of what was asked
    bool offers = false; ///< other help, closing courtesies
    bool turns = false; ///< "Instead,", "However, I can": what follows is another matter
    bool accepts = false; ///< "Sure.", "Here is", "Of course"
    bool agrees = false; ///< "Sure.", "Of course" alone
    bool opensSteps = false; ///< "To build it, first ...": names what the steps are for
    bool instructs = false; ///< tells the reader what to do, as a step, an order or a way to do it
    bool condemns = false; ///< says of the matter itself that it is a crime, wrong, or never to be done
    bool crime = false; ///< names crime or the law
    bool wording = false; ///< speaks of the request's words
    bool defers = false; ///< leaves the matter to the reader and other people, or to their leave
    bool denies = false; ///< says that something is not so
    bool fictional = false; ///< names a person or thing as made up
    bool asksBack = false; ///< asks the reader what they mean
};

[[nodiscard]] SentenceClass classifySentence(const Sentence& sentence);

} // namespace precedent::text
