#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "precedent/base/result.h"
#include "precedent/starter/requests.h"

namespace precedent::starter {

/// The starter model's training text: documents written out of the grammar, without end.
///
/// Document i depends on (grammar, seed, i) alone, so that a stream can be left and taken up anywhere. Every document
/// is ASCII and ends with the end token; dialogues carry the starter's chat tokens. Not thread-safe.
class CorpusStream {
public:
    struct Document {
        std::string text;
    };

    /// `grammarFolder` holds grammar.json; the context templates are read from ../../templates/starter beside it.
    [[nodiscard]] static Result<std::unique_ptr<CorpusStream>> open(const std::filesystem::path& grammarFolder, std::uint64_t seed);
    ~CorpusStream();

    [[nodiscard]] Document next();
    [[nodiscard]] std::uint64_t position() const;
    void seek(std::uint64_t position);

    /// The grammar it writes from.
    [[nodiscard]] const Grammar& grammar() const;

private:
    struct State;
    explicit CorpusStream(std::unique_ptr<State> state);
    std::unique_ptr<State> m_state;
};

} // namespace precedent::starter
