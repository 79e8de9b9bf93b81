#include <QtTest>

#include <algorithm>
#include <atomic>
#include <thread>

#include "tokenizer_fixtures.h"

using namespace precedent;
using namespace precedent::text;
using namespace precedent::text::test;

class TestTokenizer : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void mergesBytesInOrderOfRank()
    {
        const TokenizerPtr t = loaded(kFixtures / "byte_level");
        QVERIFY(t);
        QCOMPARE(textsOf(*t, t->encode("hello the world")), (Texts{"hello", "Ġthe", "Ġworld"}));
        QCOMPARE(textsOf(*t, t->encode("there")), (Texts{"the", "re"}));
        QCOMPARE(textsOf(*t, t->encode("café")), (Texts{"cafÃ©"}));
    }

    void splitsDigitsEvenWhereAMergeWouldJoinThem()
    {
        const TokenizerPtr t = loaded(kFixtures / "byte_level");
        QVERIFY(t);
        QVERIFY(t->idOf("12").has_value());
        QCOMPARE(textsOf(*t, t->encode("12 a")), (Texts{"1", "2", "Ġa"}));
    }

    void readsAddedTokensWrittenOutInTheText()
    {
        const TokenizerPtr t = loaded(kFixtures / "byte_level");
        QVERIFY(t);
        QCOMPARE(textsOf(*t, t->encode("<|user|>the<|end|><|assistant|><think>")),
            (Texts{"<|user|>", "the", "<|end|>", "<|assistant|>", "<think>"}));
        QVERIFY(t->isSpecial(*t->idOf("<|user|>")));
        QVERIFY(!t->isSpecial(*t->idOf("<think>")));
        QCOMPARE(t->decode(t->encode("<|user|>the<|end|><think>"), true), std::string("the<think>"));
    }

    void knowsSizesNamesAndEnds()
    {
        const TokenizerPtr t = loaded(kFixtures / "byte_level" / "tokenizer.json");
        QVERIFY(t);
        QCOMPARE(t->vocabularySize(), 7 + 256 + 23);
        QCOMPARE(t->eosId(), t->idOf("<|end|>"));
        QVERIFY(!t->bosId().has_value());
        QCOMPARE(t->tokenText(-1), std::string());
        QCOMPARE(t->tokenText(1 << 30), std::string());
        QVERIFY(!t->idOf("no such token").has_value());
        const TokenizerPtr other = loaded(kFixtures / "byte_fallback");
        QVERIFY(other);
        QCOMPARE(other->bosId(), std::optional<int>(1));
        QCOMPARE(other->eosId(), std::optional<int>(2));
    }

    void fallsBackToBytesAndUndoesIt()
    {
        const TokenizerPtr t = loaded(kFixtures / "byte_fallback");
        QVERIFY(t);
        QCOMPARE(textsOf(*t, t->encode("hello the world", false)), (Texts{"▁hello", "▁the", "▁world"}));
        QCOMPARE(textsOf(*t, t->encode("a\n😀", false)), (Texts{"▁a", "<0x0A>", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>"}));
        QCOMPARE(t->decode(t->encode("a\n😀  é", false)), std::string("a\n😀  é"));
        // NFC puts the accent on its letter before anything is looked up.
        QCOMPARE(t->encode("e\xCC\x81", false), t->encode("é", false));
    }

    void addsWhatTheTemplateAdds()
    {
        const TokenizerPtr t = loaded(kFixtures / "byte_fallback");
        QVERIFY(t);
        QCOMPARE(textsOf(*t, t->encode("the")), (Texts{"<s>", "▁the", "</s>"}));
        QCOMPARE(t->encode(""), (Ids{1, 2}));
        QCOMPARE(t->encode("", false), Ids());
        QCOMPARE(t->decode(t->encode("the a"), true), std::string("the a"));
    }

    void stripsAroundAddedTokensThatAskForIt()
    {
        const TokenizerPtr t = loaded(kFixtures / "byte_fallback");
        QVERIFY(t);
        QCOMPARE(textsOf(*t, t->encode("a  <mask> a", false)), (Texts{"▁a", "<mask>", "▁", "▁a"}));
        QCOMPARE(textsOf(*t, t->encode("a <sep>  a", false)), (Texts{"▁a", "▁", "<sep>", "▁a"}));
        // single_word: not where a word touches it.
        const Texts touching = textsOf(*t, t->encode("a<sep>", false));
        QVERIFY(std::find(touching.begin(), touching.end(), "<sep>") == touching.end());
    }

    void takesTheLongestAddedToken()
    {
        const Changed changed("byte_level", [](nlohmann::json& json) {
            json["added_tokens"].push_back({{"id", 400}, {"content", "\n"}, {"special", false}, {"normalized", false}});
            json["added_tokens"].push_back({{"id", 401}, {"content", "\n\n\n"}, {"special", false}, {"normalized", false}});
        });
        const TokenizerPtr t = changed.tokenizer();
        QVERIFY(t);
        QCOMPARE(t->encode("\n\n\n\n\n"), (Ids{401, 400, 400}));
        QCOMPARE(t->vocabularySize(), 402);
        QCOMPARE(t->tokenText(399), std::string());
        QCOMPARE(t->decode({399, 401}), std::string("\n\n\n"));
    }

    void takesMergesAsTextOrPairs()
    {
        const Changed changed("byte_level", [](nlohmann::json& json) {
            for (nlohmann::json& merge : json["model"]["merges"]) {
                const auto parts = split(merge.get<std::string>(), " ");
                merge = nlohmann::json::array({parts[0], parts[1]});
            }
        });
        const TokenizerPtr pairs = changed.tokenizer();
        const TokenizerPtr strings = loaded(kFixtures / "byte_level");
        QVERIFY(pairs && strings);
        QCOMPARE(pairs->encode("hello the world café"), strings->encode("hello the world café"));
    }

    void ignoreMergesTakesAWholeWord()
    {
        const auto removeMerge = [](nlohmann::json& json, bool ignore) {
            json["model"]["ignore_merges"] = ignore;
            auto& merges = json["model"]["merges"];
            merges.erase(std::find(merges.begin(), merges.end(), "he llo"));
        };
        const Changed with("byte_level", [&](nlohmann::json& json) { removeMerge(json, true); });
        const Changed without("byte_level", [&](nlohmann::json& json) { removeMerge(json, false); });
        QCOMPARE(textsOf(*with.tokenizer(), with.tokenizer()->encode("hello")), (Texts{"hello"}));
        QCOMPARE(textsOf(*without.tokenizer(), without.tokenizer()->encode("hello")), (Texts{"he", "llo"}));
    }

    void readsOtherPreTokenizersAndNormalizers_data()
    {
        QTest::addColumn<QString>("fixture");
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("entry");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QStringList>("tokens");
        const auto row = [](const char* name, const char* fixture, const char* key, const char* entry, const char* text,
                             const QStringList& tokens) { QTest::newRow(name) << fixture << key << entry << text << tokens; };
        row("GPT-2's own pattern", "byte_level", "pre_tokenizer", R"({"type":"ByteLevel","add_prefix_space":false})", "the world\n\nthe",
            {"the", "Ġworld", "Ċ", "Ċ", "the"});
        row("prefix space", "byte_level", "pre_tokenizer", R"({"type":"ByteLevel","add_prefix_space":true,"use_regex":true})", "the",
            {"Ġthe"});
        row("digits together", "byte_level", "pre_tokenizer",
            R"({"type":"Sequence","pretokenizers":[{"type":"Digits"},{"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]})",
            "a12", {"a", "12"});
        row("white space", "byte_level", "pre_tokenizer", R"({"type":"Whitespace"})", "the, he", {"the", ",", "he"});
        row("white space split", "byte_level", "pre_tokenizer", R"({"type":"WhitespaceSplit"})", " the\the ", {"the", "he"});
        row("punctuation", "byte_level", "pre_tokenizer",
            R"({"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"},{"type":"Punctuation"}]})", "the.he", {"the", ".", "he"});
        row("removed", "byte_level", "pre_tokenizer", R"({"type":"Split","pattern":{"String":"x"},"behavior":"Removed","invert":false})",
            "thexhe", {"the", "he"});
        row("inverted", "byte_level", "pre_tokenizer",
            R"({"type":"Split","pattern":{"Regex":"the|he"},"behavior":"Removed","invert":true})", "thexhe", {"the", "he"});
        row("merged with next", "byte_level", "pre_tokenizer", R"({"type":"Split","pattern":{"String":"t"},"behavior":"MergedWithNext"})",
            "thethe", {"the", "the"});
        row("merged with previous", "byte_level", "pre_tokenizer",
            R"({"type":"Split","pattern":{"String":"t"},"behavior":"MergedWithPrevious"})", "hethe", {"he", "t", "he"});
        row("contiguous", "byte_level", "pre_tokenizer", R"({"type":"Split","pattern":{"Regex":"[the]"},"behavior":"Contiguous"})",
            "the.the", {"the", ".", "the"});
        row("metaspace always", "byte_fallback", "pre_tokenizer",
            R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true})", "the world", {"▁the", "▁world"});
        row("metaspace never", "byte_fallback", "pre_tokenizer", R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"never"})",
            "he the", {"he", "▁the"});
        row("metaspace first", "byte_fallback", "pre_tokenizer", R"({"type":"Metaspace","replacement":"▁","prepend_scheme":"first"})",
            "the</s>he", {"▁the", "</s>", "he"});
        row("lower case", "byte_fallback", "normalizer",
            R"({"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"Strip"},{"type":"Replace","pattern":{"Regex":"\\s+"},"content":"▁"}]})",
            "  HE\t THE\n", {"he", "▁the"});
        row("no accents", "byte_fallback", "normalizer", R"({"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"}]})",
            "hé", {"he"});
        row("compatibility forms", "byte_fallback", "normalizer", R"({"type":"NFKC"})", "ｈｅ", {"he"});
    }

    void readsOtherPreTokenizersAndNormalizers()
    {
        QFETCH(QString, fixture);
        QFETCH(QString, key);
        QFETCH(QString, entry);
        QFETCH(QString, text);
        QFETCH(QStringList, tokens);
        const Changed changed(fixture.toStdString(), [&](nlohmann::json& json) {
            if (key == "pre_tokenizer")
                json["normalizer"] = nullptr;
            json[key.toStdString()] = nlohmann::json::parse(entry.toStdString());
        });
        const TokenizerPtr t = changed.tokenizer();
        QVERIFY(t);
        QStringList found;
        for (const std::string& token : textsOf(*t, t->encode(text.toStdString(), false)))
            found << QString::fromStdString(token);
        QCOMPARE(found, tokens);
    }

    void decodersOfOtherKinds()
    {
        const Changed metaspace("byte_fallback", [](nlohmann::json& json) {
            json["decoder"] = {{"type", "Metaspace"}, {"replacement", "▁"}};
        });
        QCOMPARE(metaspace.tokenizer()->decode(metaspace.tokenizer()->encode("the  world", false)), std::string("the  world"));
        // tokenizers' Metaspace decoder takes every space out of the first token.
        const TokenizerPtr m = metaspace.tokenizer();
        QVERIFY(m);
        QCOMPARE(m->decode({*m->idOf("▁"), *m->idOf("▁the")}), std::string(" the"));
        const Changed none("byte_fallback", [](nlohmann::json& json) { json["decoder"] = nullptr; });
        const TokenizerPtr t = none.tokenizer();
        QCOMPARE(t->decode(t->encode("the world", false)), std::string("▁the ▁world"));
        QCOMPARE(streamed(t, t->encode("the world", false)), std::string("▁the ▁world"));
        const Changed ends("byte_fallback", [](nlohmann::json& json) {
            json["decoder"]["decoders"].back() = {{"type", "Strip"}, {"content", " "}, {"start", 2}, {"stop", 1}};
        });
        const TokenizerPtr e = ends.tokenizer();
        const Ids ids = e->encode("  the  ", false);
        QCOMPARE(e->decode(ids), std::string(" the "));
        QCOMPARE(streamed(e, ids), std::string(" the "));
    }

    void unknownCharactersBecomeOneUnknownToken()
    {
        const Changed changed("byte_fallback", [](nlohmann::json& json) { json["model"]["byte_fallback"] = false; });
        const TokenizerPtr t = changed.tokenizer();
        QCOMPARE(textsOf(*t, t->encode("a☂☂a", false)), (Texts{"▁a", "<unk>", "a"}));
        const Changed apart("byte_fallback", [](nlohmann::json& json) {
            json["model"]["byte_fallback"] = false;
            json["model"]["fuse_unk"] = false;
        });
        QCOMPARE(apart.tokenizer()->encode("a☂☂a", false).size(), std::size_t{4});
    }

    void keepsEveryByteOfBrokenUtf8_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::newRow("lone byte") << QByteArray("the \xff the");
        QTest::newRow("cut off character") << QByteArray("the \xf0\x9f\x98");
        QTest::newRow("overlong") << QByteArray("\xc0\xaf");
        QTest::newRow("surrogate") << QByteArray("\xed\xa0\x80");
        QTest::newRow("continuation bytes") << QByteArray("\x80\x80\x80");
        QTest::newRow("zero bytes") << QByteArray("a\0b\0", 4);
        QTest::newRow("all bytes") << [] {
            QByteArray all;
            for (int i = 0; i < 256; ++i)
                all.append(static_cast<char>(i));
            return all;
        }();
    }

    void keepsEveryByteOfBrokenUtf8()
    {
        QFETCH(QByteArray, text);
        const TokenizerPtr level = loaded(kFixtures / "byte_level");
        std::size_t bytes = 0;
        for (const std::string& token : textsOf(*level, level->encode(text.toStdString())))
            bytes += static_cast<std::size_t>(QString::fromStdString(token).size()); // one alphabet character a byte
        QCOMPARE(bytes, static_cast<std::size_t>(text.size()));
        for (const TokenizerPtr& t : {level, loaded(kFixtures / "byte_fallback")}) {
            const Ids ids = t->encode(text.toStdString(), false);
            const std::string decoded = t->decode(ids);
            QCOMPARE(streamed(t, ids), decoded);
            QVERIFY(QString::fromUtf8(decoded.data(), static_cast<qsizetype>(decoded.size())).toUtf8().toStdString() == decoded);
        }
    }

    void streamNeverEmitsHalfACharacter()
    {
        const TokenizerPtr t = loaded(kFixtures / "byte_fallback");
        const std::string text = "a 😀é\n日本 the";
        const Ids ids = t->encode(text, false);
        StreamDecoder decoder(t);
        std::string all;
        for (const int id : ids) {
            const std::string piece = decoder.push(id);
            QVERIFY(piece.find("\xEF\xBF\xBD") == std::string::npos);
            all += piece;
        }
        QCOMPARE(decoder.finish(), std::string());
        QCOMPARE(all, text);
        // After finish() it starts afresh, the stripped space included.
        QCOMPARE(decoder.push(*t->idOf("▁the")) + decoder.finish(), std::string("the"));
        StreamDecoder cut(t);
        QCOMPARE(cut.push(*t->idOf("<0xF0>")), std::string());
        QCOMPARE(cut.push(*t->idOf("<0x9F>")), std::string());
        QCOMPARE(cut.finish(), std::string("\xEF\xBF\xBD"));
        QCOMPARE(cut.push(-5) + cut.push(1 << 30) + cut.finish(), std::string());
    }

    void longTextsAreRead_data()
    {
        QTest::addColumn<QString>("fixture");
        QTest::addColumn<QByteArray>("unit");
        QTest::addColumn<int>("bytes");
        for (const char* fixture : {"byte_level", "byte_fallback"}) {
            QTest::addRow("%s words", fixture) << fixture << QByteArray("the world hello ") << 10000000;
            QTest::addRow("%s one word", fixture) << fixture << QByteArray("l") << 2000000;
            QTest::addRow("%s spaces", fixture) << fixture << QByteArray(" ") << 500000;
            QTest::addRow("%s broken", fixture) << fixture << QByteArray("\xff\xfe") << 500000;
        }
    }

    void longTextsAreRead()
    {
        QFETCH(QString, fixture);
        QFETCH(QByteArray, unit);
        QFETCH(int, bytes);
        const TokenizerPtr t = loaded(kFixtures / fixture.toStdString());
        const std::string text = unit.repeated(bytes / static_cast<int>(unit.size())).toStdString();
        const Ids ids = t->encode(text, false);
        QVERIFY(!ids.empty());
        const std::string decoded = t->decode(ids);
        QVERIFY(decoded.size() + 1 >= text.size());
    }

    void threadsShareOneTokenizer()
    {
        const TokenizerPtr t = loaded(kFixtures / "byte_level");
        const std::string text = "hello the world, there were 12 cafés in the world";
        const Ids expected = t->encode(text);
        std::vector<std::thread> threads;
        std::atomic<int> wrong = 0;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&, i] {
                for (int round = 0; round < 200; ++round) {
                    wrong += t->encode(text) != expected;
                    wrong += t->decode(t->encode(std::to_string(i * 1000 + round) + text)).size() < text.size();
                }
            });
        }
        for (std::thread& thread : threads)
            thread.join();
        QCOMPARE(wrong.load(), 0);
    }
};

QTEST_GUILESS_MAIN(TestTokenizer)
#include "tst_tokenizer.moc"
