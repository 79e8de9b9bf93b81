#pragma once

#include <QTemporaryDir>
#include <QtTest>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "precedent/base/files.h"
#include "precedent/text/tokenizer.h"

namespace precedent::text::test {

using Ids = std::vector<int>;
using TokenizerPtr = std::shared_ptr<const Tokenizer>;

inline const std::filesystem::path kFixtures = std::filesystem::path(PRECEDENT_TEST_FIXTURES) / "tokenizers";
inline const std::filesystem::path kShared = PRECEDENT_SHARED_DATA;

inline TokenizerPtr loaded(const std::filesystem::path& path)
{
    Result<TokenizerPtr> tokenizer = Tokenizer::load(path);
    if (!tokenizer)
        qWarning("%s", tokenizer.error().message().c_str());
    return tokenizer ? *tokenizer : nullptr;
}

/// A fixture's tokenizer.json after a change, written to a folder of its own.
class Changed {
public:
    Changed(const std::string& fixture, const std::function<void(nlohmann::json&)>& change)
    {
        nlohmann::json json = nlohmann::json::parse(*readFile(kFixtures / fixture / "tokenizer.json"));
        change(json);
        write("tokenizer.json", json.dump());
    }
    void write(const std::string& name, const std::string& bytes) const { std::ofstream(folder() / name, std::ios::binary) << bytes; }
    [[nodiscard]] std::filesystem::path folder() const { return m_folder.path().toStdString(); }
    [[nodiscard]] TokenizerPtr tokenizer() const { return loaded(folder()); }

private:
    QTemporaryDir m_folder;
};

inline std::vector<std::string> textsOf(const Tokenizer& tokenizer, const Ids& ids)
{
    std::vector<std::string> texts;
    for (const int id : ids)
        texts.push_back(tokenizer.tokenText(id));
    return texts;
}

inline std::string streamed(const TokenizerPtr& tokenizer, const Ids& ids, bool skipSpecial = false)
{
    StreamDecoder decoder(tokenizer, skipSpecial);
    std::string text;
    for (const int id : ids)
        text += decoder.push(id);
    return text + decoder.finish();
}

using Texts = std::vector<std::string>;

inline std::vector<std::string> split(const std::string& text, const std::string& separator)
{
    std::vector<std::string> parts;
    std::size_t from = 0;
    for (std::size_t at = text.find(separator); at != std::string::npos; at = text.find(separator, from)) {
        parts.push_back(text.substr(from, at - from));
        from = at + separator.size();
    }
    parts.push_back(text.substr(from));
    return parts;
}

} // namespace precedent::text::test
