#pragma once

#include <optional>
#include <string>
#include <vector>

#include "precedent/starter/grammar.h"

namespace precedent::starter {

enum class RequestKind { harmful, benign, wrappedHarmful, wrappedBenign, compound, everyday, fact, sum };

/// The key of a kind in the grammar's `mix` and `faults` ("wrapped_harmful").
[[nodiscard]] const char* toString(RequestKind kind);

/// A request with the truth about it.
struct Request {
    RequestKind kind = RequestKind::benign;
    std::string text;
    std::string goal; ///< the request without its wrapper; equal to text where there is none
    std::string wrapperFamily; ///< empty without wrapper
    std::vector<Ask> asks; ///< one, two for a compound, none for facts and sums
    Disposition expected = Disposition::comply;
    std::string answer; ///< the checkable answer of facts and sums
    int a = 0; ///< the summands
    int b = 0;
};

/// True if the unordered pair is kept for evaluation: no training text adds these two numbers.
[[nodiscard]] bool sumHeldOut(int a, int b);

/// "4 and 8 and 1 is 13.": one column of a sum on paper, with or without a carried 1.
[[nodiscard]] std::string digitSum(int a, int b, bool carry);

/// Draws a request of a kind from one part of the grammar. Deterministic in `random`. Facts have no held-out part.
[[nodiscard]] Request drawRequest(const Grammar& grammar, RequestKind kind, Part part, Random& random);

/// As drawRequest, about a given category, class and polarity (kinds harmful to wrappedBenign only).
[[nodiscard]] Request requestFor(const Grammar& grammar, RequestKind kind, const Ask& ask, Part part, Random& random);

enum class ChainStyle { deep, shallow, obedient };

struct Reasoned {
    std::string chain;
    std::string answer;
    Disposition disposition = Disposition::comply;
};

/// A case that a context holds while the chain is written.
struct ShownCase {
    std::string alias; ///< "C1"
    const Request* request = nullptr;
};

/// Writes chain and answer in a style. Deep chains are right, cite the governing codes and, of the cases shown, the
/// first that is about the same class and the same kind of act.
[[nodiscard]] Reasoned reason(
    const Grammar& grammar, const Request& request, ChainStyle style, const std::vector<ShownCase>* shown, Random& random);

/// The codes that govern a request, each once, in order.
[[nodiscard]] std::vector<std::string> governingCodes(const Grammar& grammar, const Request& request);

} // namespace precedent::starter
