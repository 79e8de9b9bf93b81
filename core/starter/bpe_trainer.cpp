#include "precedent/starter/bpe_trainer.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <unordered_map>

#include "precedent/base/json.h"
#include "precedent/starter/corpus.h"

namespace precedent::starter {
namespace {

constexpr int kTrainingDocuments = 6000;
/// The same cuts as splitWords below makes on ASCII: words with their space, single digits, runs of signs.
constexpr const char* kPattern = R"( ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

bool isLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool isDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool isSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool isSign(char c) { return !isLetter(c) && !isDigit(c) && !isSpace(c); }

std::size_t runEnd(std::string_view text, std::size_t at, bool (*inside)(char))
{
    while (at < text.size() && inside(text[at]))
        ++at;
    return at;
}

std::size_t wordEnd(std::string_view text, std::size_t at)
{
    const std::size_t first = text[at] == ' ' && at + 1 < text.size() ? at + 1 : at;
    if (isLetter(text[first]))
        return runEnd(text, first, isLetter);
    if (isDigit(text[at]))
        return at + 1;
    if (isSign(text[first]))
        return runEnd(text, first, isSign);
    const std::size_t end = runEnd(text, at, isSpace);
    return end < text.size() && end - at > 1 ? end - 1 : end;
}

/// GPT-2's printable stand-in for each byte, as UTF-8.
std::vector<std::string> byteAlphabet()
{
    std::vector<std::string> alphabet(256);
    int next = 256;
    for (int b = 0; b < 256; ++b) {
        const bool printable = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
        const int code = printable ? b : next++;
        if (code < 128)
            alphabet[static_cast<std::size_t>(b)] = std::string(1, static_cast<char>(code));
        else
            alphabet[static_cast<std::size_t>(b)] = {static_cast<char>(0xC0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3F))};
    }
    return alphabet;
}

std::map<std::string, std::int64_t> countWords(const std::vector<std::string>& texts)
{
    std::map<std::string, std::int64_t> counts;
    for (const std::string& original : texts) {
        std::string text = original;
        for (const std::string& token : starterSpecialTokens()) {
            for (auto at = text.find(token); at != std::string::npos; at = text.find(token, at))
                text.replace(at, token.size(), std::string(1, '\0'));
        }
        for (std::size_t begin = 0; begin < text.size();) {
            const auto end = std::min(text.find('\0', begin), text.size());
            const std::string_view part = std::string_view(text).substr(begin, end - begin);
            for (std::size_t at = 0; at < part.size();) {
                const std::size_t stop = wordEnd(part, at);
                ++counts[std::string(part.substr(at, stop - at))];
                at = stop;
            }
            begin = end + 1;
        }
    }
    return counts;
}

using Pair = std::pair<std::string, std::string>;

struct Word {
    std::vector<std::string> pieces;
    std::int64_t count = 0;
};

void mergeIn(Word& word, const Pair& pair)
{
    std::vector<std::string> out;
    for (std::size_t i = 0; i < word.pieces.size(); ++i) {
        if (i + 1 < word.pieces.size() && word.pieces[i] == pair.first && word.pieces[i + 1] == pair.second) {
            out.push_back(pair.first + pair.second);
            ++i;
        } else {
            out.push_back(word.pieces[i]);
        }
    }
    word.pieces = std::move(out);
}

std::vector<Pair> learnMerges(std::vector<Word> words, int count)
{
    std::vector<Pair> merges;
    while (static_cast<int>(merges.size()) < count) {
        std::map<Pair, std::int64_t> pairs;
        for (const Word& word : words) {
            for (std::size_t i = 0; i + 1 < word.pieces.size(); ++i)
                pairs[{word.pieces[i], word.pieces[i + 1]}] += word.count;
        }
        const auto best = std::max_element(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
        if (best == pairs.end() || best->second < 2)
            break;
        merges.push_back(best->first);
        for (Word& word : words)
            mergeIn(word, merges.back());
    }
    return merges;
}

bool isChainDelimiter(const std::string& token) { return token == "<think>" || token == "</think>"; }

Json tokenizerJson(const std::vector<std::string>& alphabet, const std::vector<Pair>& merges)
{
    Json vocabulary = Json::object();
    Json added = Json::array();
    int id = 0;
    for (const std::string& token : starterSpecialTokens()) {
        // Servers leave out of a reply what is marked as special; a chain's delimiters are part of it.
        const bool special = !isChainDelimiter(token);
        added.push_back({{"id", id}, {"content", token}, {"single_word", false}, {"lstrip", false}, {"rstrip", false},
            {"normalized", false}, {"special", special}});
        vocabulary[token] = id++;
    }
    for (const std::string& token : alphabet)
        vocabulary[token] = id++;
    Json mergeList = Json::array();
    for (const auto& [left, right] : merges) {
        if (!vocabulary.contains(left + right))
            vocabulary[left + right] = id++;
        mergeList.push_back(left + " " + right);
    }
    Json json;
    json["version"] = "1.0";
    json["truncation"] = nullptr;
    json["padding"] = nullptr;
    json["added_tokens"] = std::move(added);
    json["normalizer"] = nullptr;
    json["pre_tokenizer"] = {{"type", "Sequence"},
        {"pretokenizers",
            Json::array({{{"type", "Split"}, {"pattern", {{"Regex", kPattern}}}, {"behavior", "Isolated"}, {"invert", false}},
                {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false}, {"use_regex", false}}})}};
    json["post_processor"] = nullptr;
    json["decoder"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", false}, {"use_regex", false}};
    json["model"] = {{"type", "BPE"}, {"dropout", nullptr}, {"unk_token", nullptr}, {"continuing_subword_prefix", nullptr},
        {"end_of_word_suffix", nullptr}, {"fuse_unk", false}, {"byte_fallback", false}, {"vocab", std::move(vocabulary)},
        {"merges", std::move(mergeList)}};
    return json;
}

} // namespace

const std::vector<std::string>& starterSpecialTokens()
{
    static const std::vector<std::string> tokens{"<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", "<think>", "</think>"};
    return tokens;
}

std::string trainTokenizer(const std::vector<std::string>& texts, int vocabulary)
{
    const auto alphabet = byteAlphabet();
    std::vector<Word> words;
    for (const auto& [text, count] : countWords(texts)) {
        Word word{{}, count};
        for (const char c : text)
            word.pieces.push_back(alphabet[static_cast<unsigned char>(c)]);
        words.push_back(std::move(word));
    }
    const int room = vocabulary - static_cast<int>(alphabet.size() + starterSpecialTokens().size());
    return dumpJson(tokenizerJson(alphabet, learnMerges(std::move(words), room)), 1);
}

Result<std::string> trainStarterTokenizer(const std::filesystem::path& grammarFolder, int vocabulary)
{
    if (vocabulary < 300)
        return Error(ErrorCode::invalidArgument,
            "A vocabulary of " + std::to_string(vocabulary) + " is too small: 256 bytes and the special tokens alone need 263.",
            "Use 300 or more.");
    auto corpus = CorpusStream::open(grammarFolder, /*seed=*/0);
    if (!corpus.ok())
        return corpus.error();
    std::vector<std::string> texts;
    texts.reserve(kTrainingDocuments);
    (*corpus)->seek((*corpus)->grammar().firstDrills);
    for (int i = 0; i < kTrainingDocuments; ++i)
        texts.push_back((*corpus)->next().text);
    return trainTokenizer(texts, vocabulary);
}

} // namespace precedent::starter
