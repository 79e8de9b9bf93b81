#include "ui/casebase/quick_look.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QScrollArea>
#include <QVBoxLayout>

#include "precedent/casebase/case_store.h"
#include "ui/bridge/casebase_bridge.h"
#include "ui/casebase/status_look.h"
#include "ui/casebase/text_field.h"
#include "ui/shell/disposition_look.h"
#include "ui/shell/icons.h"
#include "ui/shell/reveal.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kWidest = 560;
constexpr int kHighest = 480;
constexpr int kMargin = 24;
constexpr int kFrame = 40;
constexpr int kHeadHeight = 72;
constexpr int kIcon = 16;

QString part(const QString& label, const std::string& words)
{
    if (words.empty())
        return {};
    const QString shown = QString::fromUtf8(words.data(), static_cast<qsizetype>(words.size())).left(TextField::kShownOfLonger);
    return QStringLiteral("<p style=\"margin:0 0 4px 0\"><b>%1</b></p><p style=\"margin:0 0 12px 0\">%2</p>")
        .arg(label, shown.toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>")));
}

} // namespace

QuickLook::QuickLook(QWidget* parent)
    : Card(parent)
    , m_head(new QLabel(this))
    , m_icon(new QLabel(this))
    , m_disposition(new QLabel(this))
    , m_status(new QuietLabel({}, bodyFont(), this))
    , m_words(new QLabel)
    , m_hidden(new QuietLabel(tr("Sensitive text, hidden. Ctrl+Shift+R shows it."), bodyFont(), this))
    , m_scroll(new QScrollArea(this))
{
    setObjectName(QStringLiteral("quickLook"));
    setFocusPolicy(Qt::NoFocus);
    m_head->setObjectName(QStringLiteral("quickLookHead"));
    m_head->setFont(sectionFont());
    m_status->setWordWrap(false);
    m_words->setObjectName(QStringLiteral("quickLookText"));
    m_words->setWordWrap(true);
    m_words->setTextFormat(Qt::RichText);
    m_words->setAlignment(Qt::AlignTop | Qt::AlignLeft);
    m_scroll->setWidget(m_words);
    m_scroll->setWidgetResizable(true);
    m_scroll->setFocusPolicy(Qt::NoFocus);
    m_scroll->viewport()->setAutoFillBackground(false);
    m_words->setAutoFillBackground(false);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 12, 12, 12);
    layout->setSpacing(8);
    auto* head = new QHBoxLayout;
    head->setSpacing(8);
    for (QLabel* part : {m_head, m_icon, m_disposition, m_status})
        head->addWidget(part);
    head->addStretch();
    layout->addLayout(head);
    layout->addWidget(m_hidden);
    layout->addWidget(m_scroll, 1);
    connect(&Reveal::instance(), &Reveal::changed, this, &QuickLook::hideOrShow);
    hide();
}

void QuickLook::setCasebase(CasebaseBridge* casebase)
{
    m_casebase = casebase;
    hide();
}

void QuickLook::lookAt(const QString& id)
{
    if (!m_casebase || id.isEmpty())
        return;
    m_wanted = id;
    m_casebase->ask(
        this, [id = id.toStdString()](casebase::Casebase& casebase) { return casebase.cases().find(id); },
        [this, id](const Result<casebase::Case>& found) {
            if (id != m_wanted || !found.ok())
                return;
            show(*found);
        });
}

void QuickLook::place(const QRect& over)
{
    m_over = over;
    const int width = std::min(kWidest, over.width() - 2 * kMargin);
    const int words = m_words->heightForWidth(width - kFrame) + kHeadHeight;
    const QSize size(width, std::min({words, kHighest, over.height() - 2 * kMargin}));
    setGeometry(QRect(over.center() - QPoint(size.width() / 2, size.height() / 2), size));
}

void QuickLook::show(const casebase::Case& value)
{
    m_case = value;
    const DispositionLook look = lookOf(value.disposition);
    m_head->setText(QString::fromStdString(value.id));
    m_icon->setPixmap(themedIcon(look.icon, look.role).pixmap(kIcon));
    m_disposition->setText(look.word);
    setTextColor(*m_disposition, look.role);
    m_status->setText(lookOf(value.status).word);
    m_words->setText(part(tr("Request"), lastUserText(value.request)) + part(tr("Chain"), value.chain) + part(tr("Answer"), value.answer) +
        part(tr("Notes"), value.notes));
    hideOrShow();
    place(m_over);
    QWidget::show();
    raise();
}

void QuickLook::hideOrShow()
{
    const bool hidden = !Reveal::instance().isOn() && isSensitive(m_case.disposition, m_case.source);
    m_hidden->setVisible(hidden);
    setBlurred(*m_words, hidden);
}

void QuickLook::paintEvent(QPaintEvent*)
{
    // A stronger border than a card's: it lies over a table of the same ground.
    QPainter painter(this);
    painter.fillRect(rect(), Theme::instance().color(Role::window));
    painter.setPen(Theme::instance().color(Role::fieldBorder));
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

} // namespace precedent::ui
