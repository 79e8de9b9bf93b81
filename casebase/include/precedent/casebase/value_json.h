#pragma once

#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/casebase/types.h"

/// The values as JSON: in exports, in snapshots and in a run's frozen inputs. Times and versions are left out, so that
/// the same content gives the same text; empty optional fields too. The ...FromJson functions fail with corrupt, naming
/// the field; keys that they do not know are ignored.
namespace precedent::casebase {

[[nodiscard]] Json messagesToJson(const std::vector<Message>& messages);
[[nodiscard]] Result<std::vector<Message>> messagesFromJson(const Json& json);

[[nodiscard]] Json toJson(const Code& code);
[[nodiscard]] Json toJson(const Case& value);
[[nodiscard]] Json toJson(const Prompt& prompt);
[[nodiscard]] Result<Code> codeFromJson(const Json& json);
[[nodiscard]] Result<Case> caseFromJson(const Json& json);
[[nodiscard]] Result<Prompt> promptFromJson(const Json& json);

} // namespace precedent::casebase
