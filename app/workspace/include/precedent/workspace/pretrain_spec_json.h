#pragma once

#include <filesystem>

#include "precedent/base/json.h"
#include "precedent/base/result.h"
#include "precedent/core/engine.h"

namespace precedent::workspace {

/// Reads a pretraining recipe: corpus ("resources" for the grammar that ships with the program, or a folder, taken from
/// the recipe's own folder), seed, tokens, vocabulary, hidden_size, layers, heads, kv_heads, intermediate_size,
/// context_length, batch_tokens, learning_rate, min_learning_rate, warmup_steps, weight_decay, initializer_range,
/// save_steps. Missing keys keep their defaults; keys that start with "_" are comments.
/// Fails with notFound, corrupt, or invalidArgument for an unknown key or a value of the wrong kind or out of range.
[[nodiscard]] Result<core::PretrainSpec> readPretrainSpec(const std::filesystem::path& file);

[[nodiscard]] Json toJson(const core::PretrainSpec& spec);

} // namespace precedent::workspace
