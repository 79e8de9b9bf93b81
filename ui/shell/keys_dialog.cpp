#include "ui/shell/keys_dialog.h"

#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>

#include "ui/bridge/server_keys.h"

namespace precedent::ui {
namespace {

constexpr int kWidth = 560;
constexpr int kListHeight = 140;

QString words(ServerKeys::State state)
{
    switch (state) {
    case ServerKeys::State::asked:
        return KeysDialog::tr("waiting for the keychain");
    case ServerKeys::State::known:
        return KeysDialog::tr("stored");
    case ServerKeys::State::missing:
        return KeysDialog::tr("no longer in the keychain");
    case ServerKeys::State::failed:
        break;
    }
    return KeysDialog::tr("could not be read");
}

} // namespace

KeysDialog::KeysDialog(QWidget* parent)
    : QDialog(parent)
    , m_list(new QListWidget(this))
    , m_address(new QLineEdit(this))
    , m_key(new QLineEdit(this))
    , m_note(new QLabel(this))
{
    setObjectName(QStringLiteral("keysDialog"));
    setWindowTitle(tr("Keys for servers"));
    setMinimumWidth(kWidth);
    m_list->setObjectName(QStringLiteral("keysList"));
    m_list->setAccessibleName(tr("Servers whose keys are stored"));
    m_list->setMinimumHeight(kListHeight);
    m_note->setObjectName(QStringLiteral("keysNoteLabel"));
    m_note->setWordWrap(true);
    m_note->setTextFormat(Qt::PlainText);
    auto* about =
        new QLabel(tr("Servers that judge or draw chains may want a key. It is kept in the desktop's keychain, in no file of this "
                      "program, and is given to jobs of this window in place of PRECEDENT_API_KEY."),
            this);
    about->setWordWrap(true);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 24, 24, 16);
    layout->setSpacing(16);
    layout->addWidget(about);
    layout->addWidget(m_list);
    layout->addWidget(makeFields());
    layout->addWidget(m_note);
    layout->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_list, &QListWidget::currentRowChanged, this, &KeysDialog::takeChosen);
    ServerKeys& keys = ServerKeys::instance();
    connect(&keys, &ServerKeys::changed, this, &KeysDialog::fill);
    connect(&keys, &ServerKeys::stored, this, [this](const QString& address) { say(tr("The key of %1 is stored.").arg(address)); });
    connect(&keys, &ServerKeys::failed, this,
        [this](const Error& error) { say(QString::fromStdString(error.message() + " " + error.hint())); });
    fill();
    check();
    m_address->setFocus();
}

QWidget* KeysDialog::makeFields()
{
    auto* fields = new QWidget(this);
    m_address->setObjectName(QStringLiteral("keyAddressField"));
    m_address->setPlaceholderText(QStringLiteral("http://localhost:8000"));
    m_key->setObjectName(QStringLiteral("keyField"));
    m_key->setEchoMode(QLineEdit::Password);
    m_key->setInputMethodHints(Qt::ImhSensitiveData | Qt::ImhNoPredictiveText | Qt::ImhHiddenText);
    m_store = new QPushButton(tr("Store"), fields);
    m_store->setObjectName(QStringLiteral("storeKeyButton"));
    m_store->setProperty("primary", true);
    m_store->setDefault(true);
    m_remove = new QPushButton(tr("Remove"), fields);
    m_remove->setObjectName(QStringLiteral("removeKeyButton"));
    m_remove->setAutoDefault(false);
    auto* acts = new QHBoxLayout;
    acts->addWidget(m_remove);
    acts->addStretch();
    acts->addWidget(m_store);
    auto* form = new QFormLayout(fields);
    form->setContentsMargins(0, 0, 0, 0);
    form->addRow(tr("Address"), m_address);
    form->addRow(tr("Key"), m_key);
    form->addRow(acts);
    connect(m_address, &QLineEdit::textChanged, this, &KeysDialog::check);
    connect(m_key, &QLineEdit::textChanged, this, &KeysDialog::check);
    connect(m_store, &QPushButton::clicked, this, &KeysDialog::store);
    connect(m_remove, &QPushButton::clicked, this, &KeysDialog::remove);
    return fields;
}

void KeysDialog::fill()
{
    const QListWidgetItem* current = m_list->currentItem();
    const QString chosen = current != nullptr ? current->data(Qt::UserRole).toString() : QString();
    const QSignalBlocker quiet(m_list);
    m_list->clear();
    const ServerKeys& keys = ServerKeys::instance();
    for (const QString& address : keys.addresses()) {
        auto* item = new QListWidgetItem(tr("%1  ·  %2").arg(address, words(keys.stateOf(address))), m_list);
        item->setData(Qt::UserRole, address);
        if (address == chosen)
            m_list->setCurrentItem(item);
    }
    check();
}

void KeysDialog::takeChosen()
{
    if (const QListWidgetItem* item = m_list->currentItem())
        m_address->setText(item->data(Qt::UserRole).toString());
    m_key->clear();
    check();
}

void KeysDialog::store()
{
    const Status status = ServerKeys::instance().store(m_address->text(), m_key->text());
    if (!status.ok())
        return say(QString::fromStdString(status.error().message() + " " + status.error().hint()));
    m_key->clear();
    say(tr("Waiting for the keychain, which may ask to be unlocked ..."));
}

void KeysDialog::remove()
{
    if (const QListWidgetItem* item = m_list->currentItem())
        ServerKeys::instance().remove(item->data(Qt::UserRole).toString());
}

void KeysDialog::check()
{
    m_store->setEnabled(!m_address->text().trimmed().isEmpty() && !m_key->text().trimmed().isEmpty());
    m_remove->setEnabled(m_list->currentItem() != nullptr);
}

void KeysDialog::say(const QString& words) { m_note->setText(words); }

} // namespace precedent::ui
