// Keys of servers: from the keychain to the jobs, and into nothing else.

#include <map>
#include <memory>
#include <vector>

#include <QtTest/QtTest>

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSettings>
#include <QSpinBox>

#include "precedent/workspace/endpoint_judge.h"
#include "precedent/workspace/server_keys.h"
#include "tests/remote/small_http_server.h"
#include "tests/ui/window_fixture.h"
#include "ui/bridge/server_keys.h"
#include "ui/evaluate/evaluate_place.h"

using namespace precedent;
using ui::ServerKeys;

namespace {

const QString kSecret = QStringLiteral("sk-very-secret-4714");
const QString kAddress = QStringLiteral("http://localhost:8000");

/// A keychain in memory, which may be missing, or say nothing at all.
class MemoryKeychain final : public ui::KeyStore {
public:
    enum class Mood { answers, missing, silent };
    struct Contents {
        std::map<QString, QString> keys;
        int asked = 0;
        Mood mood = Mood::answers;
    };
    explicit MemoryKeychain(std::shared_ptr<Contents> contents)
        : m_contents(std::move(contents))
    {
    }
    void read(const QString& address, Found found) override
    {
        later([contents = m_contents, address, found] {
            if (contents->mood == Mood::missing)
                return found(noKeychain());
            const auto key = contents->keys.find(address);
            found(key == contents->keys.end() ? std::optional<QString>() : std::optional(key->second));
        });
    }
    void write(const QString& address, const QString& key, Done done) override
    {
        later([contents = m_contents, address, key, done] {
            if (contents->mood == Mood::missing)
                return done(noKeychain());
            contents->keys[address] = key;
            done({});
        });
    }
    void remove(const QString& address, Done done) override
    {
        later([contents = m_contents, address, done] {
            if (contents->mood == Mood::missing)
                return done(noKeychain());
            contents->keys.erase(address);
            done({});
        });
    }

private:
    static Error noKeychain() { return {ErrorCode::unsupported, "There is no keychain here.", "Start one."}; }
    void later(std::function<void()> act)
    {
        ++m_contents->asked;
        if (m_contents->mood != Mood::silent)
            QTimer::singleShot(0, qApp, std::move(act));
    }
    std::shared_ptr<Contents> m_contents;
};

} // namespace

class TestServerKeys : public tests::WindowTest {
    Q_OBJECT

    std::shared_ptr<MemoryKeychain::Contents> m_contents;

    void openDialog()
    {
        child<QAction>("keysForServers")->trigger();
        QVERIFY(m_window->findChild<QDialog*>("keysDialog") != nullptr);
    }
    void storeByHand(const QString& address, const QString& key)
    {
        child<QLineEdit>("keyAddressField")->setText(address);
        child<QLineEdit>("keyField")->setText(key);
        child<QPushButton>("storeKeyButton")->click();
    }
    [[nodiscard]] QString note() { return child<QLabel>("keysNoteLabel")->text(); }

private Q_SLOTS:
    void initTestCase()
    {
        qputenv("no_proxy", "127.0.0.1");
        makeSample();
    }
    void init()
    {
        m_contents = std::make_shared<MemoryKeychain::Contents>();
        ServerKeys::instance().setStore(std::make_unique<MemoryKeychain>(m_contents));
        ServerKeys::instance().setPatience(60000);
        openWindow();
    }
    void cleanup()
    {
        closeWindow();
        qunsetenv("PRECEDENT_API_KEY");
    }

    void aWindowWithoutKeysLeavesTheKeychainAlone()
    {
        QTest::qWait(50);
        QCOMPARE(m_contents->asked, 0);
        QVERIFY(!workspace::keyOfServer(kAddress.toStdString()));
    }

    void aKeyIsStoredReplacedAndRemoved()
    {
        openDialog();
        QVERIFY(!child<QPushButton>("storeKeyButton")->isEnabled());
        storeByHand("http://LocalHost:8000/v1", " " + kSecret + "\n");
        QTRY_COMPARE(child<QListWidget>("keysList")->count(), 1);
        QVERIFY(child<QListWidget>("keysList")->item(0)->text().startsWith(kAddress));
        QCOMPARE(m_contents->keys.at(kAddress), kSecret);
        QCOMPARE(workspace::keyOfServer(kAddress.toStdString()).value(), kSecret.toStdString());
        QVERIFY2(note().contains(kAddress), qPrintable(note()));

        // Nothing in the window or in the settings shows it.
        QCOMPARE(child<QLineEdit>("keyField")->text(), QString());
        QCOMPARE(child<QLineEdit>("keyField")->echoMode(), QLineEdit::Password);
        QSettings().sync();
        QFile settings(QSettings().fileName());
        QVERIFY(settings.open(QIODevice::ReadOnly));
        const QByteArray kept = settings.readAll();
        QVERIFY(kept.contains("localhost:8000") && !kept.contains(kSecret.toUtf8()));

        child<QListWidget>("keysList")->setCurrentRow(0);
        QCOMPARE(child<QLineEdit>("keyAddressField")->text(), kAddress);
        QCOMPARE(child<QLineEdit>("keyField")->text(), QString());
        storeByHand(kAddress, "sk-another");
        QTRY_COMPARE(workspace::keyOfServer(kAddress.toStdString()).value(), std::string("sk-another"));
        QCOMPARE(child<QListWidget>("keysList")->count(), 1);

        child<QListWidget>("keysList")->setCurrentRow(0);
        child<QPushButton>("removeKeyButton")->click();
        QTRY_COMPARE(child<QListWidget>("keysList")->count(), 0);
        QVERIFY(m_contents->keys.empty());
        QVERIFY(!workspace::keyOfServer(kAddress.toStdString()));
    }

    void whatIsNoAddressOrNoKeyIsRefused_data()
    {
        QTest::addColumn<QString>("address");
        QTest::addColumn<QString>("key");
        QTest::newRow("no scheme") << "localhost:8000" << kSecret;
        QTest::newRow("a password") << "http://me:secret@localhost:8000" << kSecret;
        QTest::newRow("no port") << "http://localhost:x/v1" << kSecret;
        QTest::newRow("a key of two lines") << kAddress << "sk-a\nb";
    }
    void whatIsNoAddressOrNoKeyIsRefused()
    {
        QFETCH(QString, address);
        QFETCH(QString, key);
        const Status refused = ServerKeys::instance().store(address, key);
        QVERIFY(!refused.ok());
        const QString said = QString::fromStdString(refused.error().message() + refused.error().hint());
        QVERIFY2(!said.contains("secret") && !said.contains("sk-"), qPrintable(said));
        QCOMPARE(m_contents->asked, 0);
    }

    void addressesAreWrittenInOneWay_data()
    {
        QTest::addColumn<QString>("url");
        QTest::addColumn<QString>("address");
        QTest::newRow("with its path") << "http://localhost:8000/v1" << kAddress;
        QTest::newRow("the scheme's port") << "https://api.example.org/v1/chat/completions"
                                           << "https://api.example.org:443";
        QTest::newRow("without a path") << "http://Example.org"
                                        << "http://example.org:80";
        QTest::newRow("version 6") << "http://[::1]:8000/v1"
                                   << "http://[::1]:8000";
        QTest::newRow("version 6, the scheme's port") << "http://[::1]/v1"
                                                      << "http://[::1]:80";
    }
    void addressesAreWrittenInOneWay()
    {
        QFETCH(QString, url);
        QFETCH(QString, address);
        const auto named = workspace::serverAddress(url.toStdString());
        QVERIFY2(named.ok(), named.ok() ? "" : named.error().message().c_str());
        QCOMPARE(QString::fromStdString(*named), address);
    }

    void keysAreReadAtTheStart()
    {
        m_contents->keys[kAddress] = kSecret;
        QSettings().setValue("servers/addresses", QStringList{kAddress, "http://gone:80"});
        m_window = std::make_unique<ui::MainWindow>();
        QTRY_COMPARE(workspace::keyOfServer(kAddress.toStdString()).value_or(""), kSecret.toStdString());
        QTRY_COMPARE(int(ServerKeys::instance().stateOf("http://gone:80")), int(ServerKeys::State::missing));
        QVERIFY(!workspace::keyOfServer("http://gone:80"));
    }

    void withoutAKeychainItIsSaidAndTheEnvironmentCounts()
    {
        m_contents->mood = MemoryKeychain::Mood::missing;
        openDialog();
        storeByHand(kAddress, kSecret);
        QTRY_VERIFY2(note().contains("There is no keychain here."), qPrintable(note()));
        QCOMPARE(child<QListWidget>("keysList")->count(), 0);
        QVERIFY(!workspace::keyOfServer(kAddress.toStdString()));
        QVERIFY(m_window->issues().rowCount() > 0);
    }

    void aKeychainThatSaysNothingHoldsNothingUp()
    {
        m_contents->mood = MemoryKeychain::Mood::silent;
        ServerKeys::instance().setPatience(30);
        openDialog();
        storeByHand(kAddress, kSecret);
        QTRY_VERIFY2(note().contains("no answer"), qPrintable(note()));
        QVERIFY(!workspace::keyOfServer(kAddress.toStdString()));
        QVERIFY(child<QLineEdit>("keyAddressField")->isEnabled());
    }

    void serversAreGivenTheKeychainsKeyBeforeTheEnvironments()
    {
        const SmallHttpServer server([](int, const SmallHttpServer::Request&) {
            return SmallHttpServer::Reply{200, completionSaying("VERDICT: refuse"), {}, {}, false};
        });
        qputenv("PRECEDENT_API_KEY", "sk-of-the-environment");
        const auto asked = [&] {
            workspace::EndpointOptions options;
            options.keyVariable = "PRECEDENT_API_KEY";
            auto judge = workspace::endpointJudge("m@" + server.url(), options, nullptr);
            return judge.ok() && (*judge)->judge({{"q", "a"}}, {}).ok() ? server.requests().back().head : std::string();
        };
        QVERIFY(asked().find("sk-of-the-environment") != std::string::npos);
        QVERIFY(ServerKeys::instance().store(QString::fromStdString(server.url()), kSecret).ok());
        QTRY_VERIFY(!m_contents->keys.empty());
        QTRY_VERIFY(asked().find(kSecret.toStdString()) != std::string::npos);
        QVERIFY(server.requests().back().head.find("sk-of-the-environment") == std::string::npos);
        // The variable that a run names need not be set then.
        qunsetenv("PRECEDENT_API_KEY");
        QVERIFY(asked().find(kSecret.toStdString()) != std::string::npos);
    }

    void anEvaluationOfTheWindowHasItsKey()
    {
        const SmallHttpServer server([](int, const SmallHttpServer::Request&) {
            return SmallHttpServer::Reply{200, completionSaying("VERDICT: refuse"), {}, {}, false};
        });
        QVERIFY(ServerKeys::instance().store(QString::fromStdString(server.url()), kSecret).ok());
        QTRY_VERIFY(!m_contents->keys.empty());
        open(copyOfSample("evaluate.casebase"));
        child<QAction>("newEvaluation")->trigger();
        QTRY_VERIFY(m_window->findChild<QDialog*>("evaluateDialog") != nullptr);
        child<QSpinBox>("evaluateLimitSpin")->setValue(1);
        child<QCheckBox>("evaluateMode_cases")->setChecked(false);
        auto* judge = child<QComboBox>("evaluateJudgeCombo");
        judge->setCurrentIndex(judge->findData("endpoint:"));
        child<QLineEdit>("evaluateJudgeServerField")->setText("judge@" + QString::fromStdString(server.url()));
        child<QPushButton>("startEvaluationButton")->click();
        auto* place = m_window->findChild<ui::EvaluatePlace*>();
        QTRY_VERIFY(place->isBusy());
        QTRY_VERIFY_WITH_TIMEOUT(!place->isBusy(), tests::kLong);
        QVERIFY(!server.requests().empty());
        for (const SmallHttpServer::Request& request : server.requests())
            QVERIFY(request.head.find(kSecret.toStdString()) != std::string::npos);
        QFile file(m_folder.filePath("evaluate.casebase"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QVERIFY(!file.readAll().contains(kSecret.toUtf8()));
    }

    void theDesktopsKeychainSaysWhereThereIsNone()
    {
        if (qEnvironmentVariableIsSet("PRECEDENT_TEST_KEYCHAIN"))
            QSKIP("PRECEDENT_TEST_KEYCHAIN is set, so there is a keychain.");
        qputenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent"); // wherever the test runs
        ServerKeys& keys = ServerKeys::instance();
        keys.setStore(ui::desktopKeychain());
        std::vector<Error> failed;
        connect(&keys, &ServerKeys::failed, m_window.get(), [&failed](const Error& error) { failed.push_back(error); });
        QVERIFY(keys.store(kAddress, kSecret).ok());
        QTRY_COMPARE_WITH_TIMEOUT(failed.size(), std::size_t(1), 20000);
        const Error error = failed.front();
        qInfo("%s %s", error.message().c_str(), error.hint().c_str());
        QVERIFY2(error.hint().find("PRECEDENT_API_KEY") != std::string::npos, error.hint().c_str());
        QVERIFY(keys.addresses().isEmpty());
        QVERIFY(!workspace::keyOfServer(kAddress.toStdString()));
    }

    /// Only where one says so: it writes into the keychain of whoever runs it, and takes it out again.
    void theDesktopsKeychainKeepsAKey()
    {
        if (!qEnvironmentVariableIsSet("PRECEDENT_TEST_KEYCHAIN"))
            QSKIP("PRECEDENT_TEST_KEYCHAIN is not set, so the desktop's own keychain is left alone.");
        const QString address = QStringLiteral("http://precedent-test.invalid:80");
        ServerKeys& keys = ServerKeys::instance();
        keys.setStore(ui::desktopKeychain());
        QVERIFY(keys.store(address, kSecret).ok());
        QTRY_COMPARE_WITH_TIMEOUT(workspace::keyOfServer(address.toStdString()).value_or(""), kSecret.toStdString(), 20000);
        keys.setStore(ui::desktopKeychain()); // which forgets what is in memory
        QVERIFY(!workspace::keyOfServer(address.toStdString()));
        keys.read();
        QTRY_COMPARE_WITH_TIMEOUT(workspace::keyOfServer(address.toStdString()).value_or(""), kSecret.toStdString(), 20000);
        keys.remove(address);
        QTRY_VERIFY_WITH_TIMEOUT(keys.addresses().isEmpty(), 20000);
        keys.setStore(ui::desktopKeychain());
        QSettings().setValue("servers/addresses", QStringList{address});
        keys.read();
        QTRY_COMPARE_WITH_TIMEOUT(int(keys.stateOf(address)), int(ServerKeys::State::missing), 20000);
    }
};

QTEST_MAIN(TestServerKeys)
#include "tst_server_keys.moc"
