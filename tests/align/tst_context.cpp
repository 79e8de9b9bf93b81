#include <algorithm>
#include <filesystem>
#include <set>

#include <QTemporaryDir>
#include <QTest>

#include "precedent/align/context.h"
#include "precedent/align/templates.h"
#include "precedent/base/files.h"

using namespace precedent;
using namespace precedent::align;

namespace {

core::ContextTemplates templates()
{
    core::ContextTemplates t;
    t.codesHeader = "Codes:\n";
    t.codeLine = "[{id}] {text}\n";
    t.casesHeader = "Cases:\n";
    t.caseBlock = "[{id}] {request} {chain} {disposition}\n";
    t.instruction = "Think, then answer.";
    return t;
}

std::vector<core::Code> codes()
{
    return {{"S1", "", "Weapons", "No weapons.", "No weapons of any kind."}, {"S2", "", "Poisons", "No poisons.", ""}};
}

core::Case makeCase(const std::string& id, const std::string& chain)
{
    core::Case c;
    c.id = id;
    c.request = {{"user", "Request of " + id.substr(1) + "?"}};
    c.disposition = Disposition::refuse;
    c.chain = chain;
    return c;
}

std::string systemText(const BuiltContext& built) { return built.messages.front().content; }

const std::vector<Message> kRequest{{"user", "May I?"}};

} // namespace

class TestContext : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void modeNoneAddsNothing()
    {
        const core::Case shown = makeCase("X1-1", "Chain.");
        const BuiltContext built = buildContext(templates(), Mode::none, codes(), {&shown}, kRequest, 1);
        QCOMPARE(built.messages.size(), std::size_t(1));
        QVERIFY(built.messages == kRequest);
        QVERIFY(built.codesInContext.empty());
        QVERIFY(built.aliases.empty());
    }

    void modeCodesShowsTheDetailedFormWhereThereIsOne()
    {
        const core::Case shown = makeCase("X1-1", "Chain.");
        const BuiltContext built = buildContext(templates(), Mode::codes, codes(), {&shown}, kRequest, 1);
        QCOMPARE(systemText(built), std::string("Codes:\n[S1] No weapons of any kind.\n[S2] No poisons.\nThink, then answer."));
        QVERIFY(built.casesInContext.empty());
    }

    void modeCasesShowsSimpleCodesThenCasesUnderAliases()
    {
        const core::Case shown = makeCase("X1-1", "See [S1]. So refuse.");
        const BuiltContext built = buildContext(templates(), Mode::cases, codes(), {&shown}, kRequest, 1);
        QCOMPARE(systemText(built),
            std::string("Codes:\n[S1] No weapons.\n[S2] No poisons.\nCases:\n[C1] Request of 1-1? See [S1]. So refuse. refuse\nThink, then "
                        "answer."));
        QCOMPARE(built.aliases.at("C1"), std::string("X1-1"));
    }

    void codesAreAPrefixThatAllPromptsShare()
    {
        const core::Case a = makeCase("X1-1", "One.");
        const core::Case b = makeCase("X1-2", "Two.");
        const std::string first = systemText(buildContext(templates(), Mode::cases, codes(), {&a, &b}, kRequest, 1));
        const std::string second = systemText(buildContext(templates(), Mode::cases, codes(), {&b}, {{"user", "Other?"}}, 99));
        const std::string shared = "Codes:\n[S1] No weapons.\n[S2] No poisons.\nCases:\n";
        QVERIFY(first.starts_with(shared));
        QVERIFY(second.starts_with(shared));
    }

    void orderIsDrawnFromTheSeedAndAliasesFollowTheOrder()
    {
        std::vector<core::Case> cases;
        for (int i = 0; i < 6; ++i)
            cases.push_back(makeCase("X1-" + std::to_string(i), "Chain."));
        std::vector<const core::Case*> pointers;
        for (const core::Case& c : cases)
            pointers.push_back(&c);
        std::set<std::vector<std::string>> orders;
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            const BuiltContext built = buildContext(templates(), Mode::cases, codes(), pointers, kRequest, seed);
            QCOMPARE(systemText(buildContext(templates(), Mode::cases, codes(), pointers, kRequest, seed)), systemText(built));
            for (std::size_t i = 0; i < built.casesInContext.size(); ++i)
                QCOMPARE(built.aliases.at("C" + std::to_string(i + 1)), built.casesInContext[i]);
            orders.insert(built.casesInContext);
        }
        QVERIFY(orders.size() > 10);
    }

    void rawCaseIdsNeverReachTheContext_data()
    {
        QTest::addColumn<QString>("chain");
        QTest::addColumn<QString>("expected");
        QTest::newRow("a case shown") << "Unlike [X1-1], this harms."
                                      << "Unlike [C1], this harms.";
        QTest::newRow("a case not shown") << "Unlike [X1-77], this harms."
                                          << "Unlike, this harms.";
        QTest::newRow("a code stays") << "By [S2] it harms."
                                      << "By [S2] it harms.";
        QTest::newRow("a list keeps what is known") << "By [S2, X1-77] it harms."
                                                    << "By [S2] it harms.";
        QTest::newRow("outside brackets") << "As in X1-1, it harms."
                                          << "As in C1, it harms.";
        QTest::newRow("the end of a sentence") << "As in X1-1."
                                               << "As in C1.";
        QTest::newRow("a longer id is another") << "Not X1-10 here."
                                                << "Not X1-10 here.";
        QTest::newRow("ordinary brackets stay") << "It [sic] harms [1]."
                                                << "It [sic] harms [1].";
        QTest::newRow("its twin, not shown") << "The twin X1-9 differs."
                                             << "The twin differs.";
    }

    void rawCaseIdsNeverReachTheContext()
    {
        QFETCH(QString, chain);
        QFETCH(QString, expected);
        core::Case shown = makeCase("X1-1", chain.toStdString());
        shown.twinId = "X1-9";
        const BuiltContext built = buildContext(templates(), Mode::cases, codes(), {&shown}, kRequest, 1);
        QVERIFY2(systemText(built).find("? " + expected.toStdString() + " refuse\n") != std::string::npos, systemText(built).c_str());
    }

    void ownSystemMessageComesAfterTheContext()
    {
        const BuiltContext built =
            buildContext(templates(), Mode::codes, codes(), {}, {{"system", "You are kind."}, {"user", "May I?"}}, 1);
        QCOMPARE(built.messages.size(), std::size_t(2));
        QVERIFY(systemText(built).ends_with("Think, then answer.\n\nYou are kind."));
    }

    void bracesInARequestAreText()
    {
        core::Case shown = makeCase("X1-1", "Chain.");
        shown.request = {{"user", "Print {answer} and {id"}};
        const BuiltContext built = buildContext(templates(), Mode::cases, codes(), {&shown}, kRequest, 1);
        QVERIFY2(systemText(built).find("Print {answer} and {id Chain.") != std::string::npos, systemText(built).c_str());
    }

    void aliasesGiveWayToCodesOfThatName()
    {
        std::vector<core::Code> own = codes();
        own.push_back({"C1", "", "", "No lies.", ""});
        const core::Case shown = makeCase("X1-1", "By [C1].");
        const BuiltContext built = buildContext(templates(), Mode::cases, own, {&shown}, kRequest, 1);
        QCOMPARE(built.aliases.at("Case1"), std::string("X1-1"));
        QVERIFY(systemText(built).find("By [C1].") != std::string::npos);
    }

    void shippedTemplatesLoad_data()
    {
        QTest::addColumn<QString>("name");
        QTest::newRow("starter") << "starter";
        QTest::newRow("default") << "default";
    }

    void shippedTemplatesLoad()
    {
        QFETCH(QString, name);
        const auto loaded = loadTemplates(std::filesystem::path(PRECEDENT_SOURCE_DIR) / "resources/templates" / name.toStdString());
        QVERIFY2(loaded.ok(), loaded.ok() ? "" : loaded.error().message().c_str());
        QVERIFY(!loaded->instruction.empty());
        QVERIFY(loaded->codeLine.find("{id}") != std::string::npos);
        QVERIFY(loaded->caseBlock.find("{disposition}") == std::string::npos || name == "default");
    }

    void unknownPlaceholderIsNamed()
    {
        const QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        for (const char* file : {"codes_header.txt", "cases_header.txt", "case_block.txt", "instruction.txt"})
            QVERIFY(writeFileAtomically(path / file, "text").ok());
        QVERIFY(writeFileAtomically(path / "templates.json", "{}").ok());
        QVERIFY(writeFileAtomically(path / "code_line.txt", "[{id}] {label}").ok());

        const auto loaded = loadTemplates(path);

        QVERIFY(!loaded.ok());
        QCOMPARE(loaded.error().code(), ErrorCode::invalidArgument);
        QVERIFY2(loaded.error().message().find("{label}") != std::string::npos, loaded.error().message().c_str());
    }

    void missingTemplateFileIsNamed()
    {
        const QTemporaryDir folder;
        const auto loaded = loadTemplates(folder.path().toStdString());
        QVERIFY(!loaded.ok());
        QCOMPARE(loaded.error().code(), ErrorCode::notFound);
        QVERIFY(loaded.error().message().find("codes_header.txt") != std::string::npos);
    }
};

QTEST_GUILESS_MAIN(TestContext)
#include "tst_context.moc"
