#include "ui/casebase/twin_card.h"

#include <QDialog>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollArea>
#include <QVBoxLayout>

#include "precedent/casebase/case_store.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/casebase/text_field.h"
#include "ui/shell/disposition_look.h"
#include "ui/shell/icons.h"
#include "ui/shell/reveal.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kIcon = 16;
constexpr QSize kCompareSize{960, 640};

QString text(const std::string& value) { return QString::fromStdString(value); }

QString shortened(const std::string& value) { return text(value).left(TextField::kShownOfLonger); }

bool mustHide(const casebase::Case& value) { return !Reveal::instance().isOn() && isSensitive(value.disposition, value.source); }

QWidget* column(const casebase::Case& value, QWidget* parent)
{
    auto* page = new QWidget(parent);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 8, 0);
    layout->setSpacing(4);
    const DispositionLook look = lookOf(value.disposition);
    auto* head = new QHBoxLayout;
    auto* id = new QLabel(text(value.id), page);
    id->setFont(monospaceFont());
    auto* icon = new QLabel(page);
    icon->setPixmap(themedIcon(look.icon, look.role).pixmap(kIcon));
    auto* word = new QLabel(look.word, page);
    setTextColor(*word, look.role);
    for (QLabel* part : {id, icon, word})
        head->addWidget(part);
    head->addStretch();
    layout->addLayout(head);
    auto* words = new QWidget(page);
    auto* body = new QVBoxLayout(words);
    body->setContentsMargins(0, 8, 0, 0);
    for (const auto& [name, content] : {std::pair{TwinCard::tr("Request"), lastUserText(value.request)},
             {TwinCard::tr("Chain"), value.chain}, {TwinCard::tr("Answer"), value.answer}}) {
        body->addWidget(new QuietLabel(name, labelFont(), words));
        auto* label = new QLabel(words);
        label->setTextFormat(Qt::PlainText);
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
        label->setText(shortened(content));
        body->addWidget(label);
        body->addSpacing(8);
    }
    setBlurred(*words, mustHide(value));
    layout->addWidget(words);
    layout->addStretch();
    auto* scroll = new QScrollArea(parent);
    scroll->setWidget(page);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    return scroll;
}

} // namespace

TwinCard::TwinCard(QWidget* parent)
    : Card(parent)
    , m_label(new QLabel(this))
    , m_icon(new QLabel(this))
    , m_disposition(new QLabel(this))
    , m_difference(new QuietLabel({}, secondaryFont(), this))
    , m_request(new QLabel(this))
{
    m_label->setObjectName(QStringLiteral("twinLabel"));
    m_label->setTextFormat(Qt::RichText);
    m_label->setTextInteractionFlags(Qt::TextBrowserInteraction);
    m_disposition->setObjectName(QStringLiteral("twinDisposition"));
    m_difference->setObjectName(QStringLiteral("twinDifference"));
    m_request->setObjectName(QStringLiteral("twinRequest"));
    m_request->setTextFormat(Qt::PlainText);
    m_request->setWordWrap(true);
    auto* head = new QHBoxLayout;
    head->setSpacing(8);
    head->addWidget(m_label);
    head->addWidget(m_icon);
    head->addWidget(m_disposition);
    head->addStretch();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(12, 12, 12, 12);
    layout->setSpacing(4);
    layout->addLayout(head);
    layout->addWidget(m_request);
    layout->addWidget(m_difference);
    connect(m_label, &QLabel::linkActivated, this, &TwinCard::caseWanted);
    connect(&Reveal::instance(), &Reveal::changed, this, &TwinCard::fill);
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        m_label->clear(); // a label keeps its links' colour until it gets another text
        fill();
    });
    hide();
}

void TwinCard::setCase(const casebase::Case& value)
{
    m_case = value;
    m_twin = {};
    setVisible(!value.twinId.empty());
    fill();
    if (!m_casebase || value.twinId.empty())
        return;
    m_casebase->ask(
        this, [id = value.twinId](casebase::Casebase& casebase) { return casebase.cases().find(id); },
        [this](const Result<casebase::Case>& twin) {
            if (!twin.ok() || twin->id != m_case.twinId)
                return;
            m_twin = *twin;
            fill();
        });
}

void TwinCard::fill()
{
    m_label->setText(tr("Twin <a href=\"%1\">%1</a>").arg(text(m_case.twinId).toHtmlEscaped()));
    m_difference->setText(text(m_case.twinDifference));
    m_difference->setVisible(!m_case.twinDifference.empty());
    const DispositionLook look = lookOf(m_twin.disposition);
    m_icon->setPixmap(m_twin.id.empty() ? QPixmap() : themedIcon(look.icon, look.role).pixmap(kIcon));
    m_disposition->setText(m_twin.id.empty() ? QString() : look.word);
    setTextColor(*m_disposition, look.role);
    m_request->setText(mustHide(m_twin) ? tr("sensitive, hidden") : shortened(lastUserText(m_twin.request)));
}

void TwinCard::compare()
{
    if (m_twin.id.empty())
        return;
    auto* dialog = new QDialog(this);
    dialog->setObjectName(QStringLiteral("twinCompare"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("%1 and its twin").arg(text(m_case.id)));
    dialog->resize(kCompareSize);
    auto* layout = new QVBoxLayout(dialog);
    layout->setContentsMargins(24, 24, 24, 24);
    layout->setSpacing(16);
    if (!m_case.twinDifference.empty())
        layout->addWidget(new QLabel(tr("What differs: %1").arg(text(m_case.twinDifference)), dialog));
    auto* columns = new QHBoxLayout;
    columns->setSpacing(24);
    columns->addWidget(column(m_case, dialog), 1);
    columns->addWidget(column(m_twin, dialog), 1);
    layout->addLayout(columns, 1);
    dialog->show();
}

bool askForTwin(QWidget& parent, const QString& id, QString& twin, QString& difference)
{
    QDialog dialog(&parent);
    dialog.setObjectName(QStringLiteral("linkTwinDialog"));
    dialog.setWindowTitle(TwinCard::tr("Link a twin to %1").arg(id));
    auto* twinEdit = new QLineEdit(twin, &dialog);
    twinEdit->setObjectName(QStringLiteral("twinIdEdit"));
    twinEdit->setPlaceholderText(TwinCard::tr("S3.2-018"));
    auto* differenceEdit = new QLineEdit(difference, &dialog);
    differenceEdit->setObjectName(QStringLiteral("twinDifferenceEdit"));
    differenceEdit->setPlaceholderText(TwinCard::tr("what is asked for"));
    auto* form = new QFormLayout;
    form->setVerticalSpacing(8);
    form->setHorizontalSpacing(16);
    form->addRow(TwinCard::tr("The twin's id"), twinEdit);
    form->addRow(TwinCard::tr("What differs"), differenceEdit);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, &dialog);
    auto* link = buttons->addButton(TwinCard::tr("Link"), QDialogButtonBox::AcceptRole);
    link->setObjectName(QStringLiteral("linkTwinButton"));
    link->setProperty("primary", true);
    auto* layout = new QVBoxLayout(&dialog);
    layout->setContentsMargins(24, 24, 24, 16);
    layout->setSpacing(16);
    layout->addLayout(form);
    layout->addWidget(buttons);
    QObject::connect(buttons, &QDialogButtonBox::accepted, &dialog, &QDialog::accept);
    QObject::connect(buttons, &QDialogButtonBox::rejected, &dialog, &QDialog::reject);
    if (dialog.exec() != QDialog::Accepted || twinEdit->text().trimmed().isEmpty())
        return false;
    twin = twinEdit->text().trimmed();
    difference = differenceEdit->text().trimmed();
    return true;
}

} // namespace precedent::ui
