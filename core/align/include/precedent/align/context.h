#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "precedent/base/domain.h"
#include "precedent/core/run_inputs.h"

namespace precedent::align {

/// A request with its mode's context folded in, ready for a chat template.
struct BuiltContext {
    std::vector<Message> messages;
    std::map<std::string, std::string> aliases; ///< "C1" -> the case's id; what a citation is resolved with
    std::vector<std::string> codesInContext; ///< ids, in the order shown
    std::vector<std::string> casesInContext; ///< ids, in the order shown (C1 first)
};

/// Folds the mode's context into `request`'s system message (made if there is none): codes first, in the order given,
/// so that every prompt of a run shares that text as a prefix; then the cases in an order drawn from `seed`, under the
/// aliases C1..Cn; then the instruction; then the request's own system text. Mode none adds nothing.
///
/// A case's chain cites case ids: those shown are rewritten to their aliases, the others are taken out. Codes keep
/// their ids. Mode codes shows each code's detailed form, mode cases the simple one (the other form where one is empty).
[[nodiscard]] BuiltContext buildContext(const core::ContextTemplates& templates, Mode mode, const std::vector<core::Code>& codes,
    const std::vector<const core::Case*>& cases, const std::vector<Message>& request, std::uint64_t seed);

/// Whether a rendered prompt ends inside a chain: nothing but space follows the opening delimiter. Chat templates of
/// models that always think open the chain themselves.
[[nodiscard]] bool opensChain(std::string_view rendered, const core::ContextTemplates& templates);

/// The prompt's text once its messages are rendered: adds the chain's opening delimiter where the templates say so and
/// the chat template has not opened the chain. An empty chain that a chat template closes at once is taken back.
[[nodiscard]] std::string withChainOpening(std::string rendered, const core::ContextTemplates& templates);

} // namespace precedent::align
