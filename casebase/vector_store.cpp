#include "precedent/casebase/vector_store.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <unordered_map>

#include "casebase/audit.h"
#include "casebase/connection.h"

namespace precedent::casebase {
namespace {

struct StoredModel {
    std::int64_t n = 0;
    std::size_t width = 0;
};

std::optional<StoredModel> modelRow(Connection& connection, const std::string& model)
{
    Query q = connection.query("SELECT n, width FROM vector_models WHERE model = ?");
    q.bind(model);
    if (!q.next())
        return std::nullopt;
    return StoredModel{q.integer(0), static_cast<std::size_t>(q.integer(1))};
}

/// Copies a stored row; false if it is not a finite one of that width.
bool takeRow(std::string_view bytes, std::size_t width, float* to)
{
    if (width == 0 || bytes.size() != width * sizeof(float))
        return false;
    std::memcpy(to, bytes.data(), bytes.size());
    return std::all_of(to, to + width, [](float value) { return std::isfinite(value); });
}

/// The row of a model whose vectors are about to be written, marked as the one used last.
std::int64_t rowForWriting(Connection& connection, const std::string& model, std::size_t width)
{
    const std::optional<StoredModel> stored = modelRow(connection, model);
    if (stored && stored->width != width)
        connection.query("DELETE FROM vector_models WHERE n = ?").bind(stored->n).run();
    connection
        .query("INSERT INTO vector_models(model, width, used) VALUES(?, ?, (SELECT coalesce(max(used), 0) + 1 FROM vector_models)) "
               "ON CONFLICT(model) DO UPDATE SET used = excluded.used")
        .bind(model, static_cast<std::int64_t>(width))
        .run();
    connection.query("DELETE FROM vector_models WHERE n NOT IN (SELECT n FROM vector_models ORDER BY used DESC LIMIT ?)")
        .bind(VectorStore::kModels)
        .run();
    return modelRow(connection, model)->n;
}

} // namespace

Result<VectorTable> VectorStore::find(const std::string& model, const std::vector<CaseText>& texts) const
{
    return m_connection.guarded("read the cases' vectors", [&]() -> Result<VectorTable> {
        VectorTable table;
        const std::optional<StoredModel> stored = modelRow(m_connection, model);
        std::vector<bool> found(texts.size(), false);
        if (stored) {
            table.width = stored->width;
            table.values.assign(texts.size() * table.width, 0.0F);
            std::unordered_map<std::string_view, std::size_t> places;
            for (std::size_t i = 0; i < texts.size(); ++i)
                places.emplace(texts[i].id, i);
            Query q =
                m_connection.query("SELECT cases.id, digest, vector FROM case_vectors JOIN cases ON cases.n = case_n WHERE model_n = ?");
            q.bind(stored->n);
            while (q.next()) {
                const auto place = places.find(q.view(0));
                if (place == places.end() || q.view(1) != rawDigest(texts[place->second].text))
                    continue;
                float* row = table.values.data() + place->second * table.width;
                found[place->second] = takeRow(q.view(2), table.width, row);
                if (!found[place->second])
                    std::fill(row, row + table.width, 0.0F);
            }
        }
        for (std::size_t i = 0; i < texts.size(); ++i) {
            if (!found[i])
                table.missing.push_back(i);
        }
        return table;
    });
}

Status VectorStore::put(const std::string& model, const std::vector<CaseText>& texts, const std::vector<float>& values, std::size_t width)
{
    if (width == 0 || values.size() != texts.size() * width)
        return Error(ErrorCode::invalidArgument,
            "Vectors of " + std::to_string(texts.size()) + " cases, " + std::to_string(width) + " numbers each, were given with " +
                std::to_string(values.size()) + " numbers.");
    return m_connection.write("store the cases' vectors", [&]() -> Status {
        const std::int64_t n = rowForWriting(m_connection, model, width);
        Query insert = m_connection.query("INSERT INTO case_vectors(model_n, case_n, case_version, digest, vector) "
                                          "SELECT ?, n, version, ?, ? FROM cases WHERE id = ? "
                                          "ON CONFLICT(model_n, case_n) DO UPDATE SET case_version = excluded.case_version, "
                                          "digest = excluded.digest, vector = excluded.vector");
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const std::string digest = rawDigest(texts[i].text);
            insert.bindOne(1, n);
            insert.bindBlob(2, digest);
            insert.bindBlob(3, {reinterpret_cast<const char*>(values.data() + i * width), width * sizeof(float)});
            insert.bindOne(4, texts[i].id);
            insert.run();
        }
        return {};
    });
}

Result<std::int64_t> VectorStore::count(const std::string& model) const
{
    return m_connection.guarded("count the cases' vectors", [&]() -> Result<std::int64_t> {
        Query q = m_connection.query(
            "SELECT count(*) FROM case_vectors JOIN vector_models ON vector_models.n = model_n WHERE ?1 = '' OR model = ?1");
        q.bind(model);
        return q.next() ? q.integer(0) : 0;
    });
}

} // namespace precedent::casebase
