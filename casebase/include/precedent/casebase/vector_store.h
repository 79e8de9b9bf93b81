#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "precedent/base/result.h"

namespace precedent::casebase {

class Connection;

/// A case's text that a vector stands for: its request's last user turn.
struct CaseText {
    std::string id;
    std::string text;
};

/// Vectors of texts, row by row.
struct VectorTable {
    std::size_t width = 0; ///< numbers in each; 0 where none was found
    std::vector<float> values; ///< [texts, width], in the order asked; a row that is missing is zeros
    std::vector<std::size_t> missing; ///< places of texts without a vector, ascending
};

/// Vectors of cases under the models that made them. One is good for as long as its case has the same text (by SHA-256);
/// a case that goes takes its vectors with it. Those of the models written for last are kept, older ones dropped. They can
/// be made again, so neither audit chain nor snapshots nor exports know them. Errors and threads: see Casebase.
class VectorStore {
public:
    /// Models whose vectors are kept.
    static constexpr int kModels = 3;

    explicit VectorStore(Connection& connection)
        : m_connection(connection)
    {
    }

    /// What is stored of `model`'s vectors for these texts. `model` names weights and how a vector is made of a text: other
    /// models' are never given. A vector that is damaged counts as missing.
    [[nodiscard]] Result<VectorTable> find(const std::string& model, const std::vector<CaseText>& texts) const;

    /// Stores vectors [texts, width], over older ones of the same cases; ids that are no case's are passed over. Vectors of
    /// another width under this model go. Fails with invalidArgument if `values` is not of that shape.
    [[nodiscard]] Status put(
        const std::string& model, const std::vector<CaseText>& texts, const std::vector<float>& values, std::size_t width);

    /// Vectors stored, of all models or of one.
    [[nodiscard]] Result<std::int64_t> count(const std::string& model = {}) const;

private:
    Connection& m_connection;
};

} // namespace precedent::casebase
