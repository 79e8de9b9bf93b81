#include "ui/casebase/case_head.h"

#include <QAction>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QPainter>
#include <QPushButton>
#include <QToolButton>
#include <QUndoStack>

#include "ui/casebase/status_look.h"
#include "ui/shell/card.h"
#include "ui/shell/disposition_look.h"
#include "ui/shell/icons.h"
#include "ui/shell/reveal.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {

CaseHead::CaseHead(QUndoStack* undo, QWidget* parent)
    : QWidget(parent)
    , m_id(new QLabel(this))
    , m_state(new QuietLabel({}, secondaryFont(), this))
    , m_reveal(new QPushButton(themedIcon(QStringLiteral("eye")), tr("Reveal"), this))
    , m_disposition(new QComboBox(this))
    , m_status(new QComboBox(this))
    , m_save(new QPushButton(themedIcon(QStringLiteral("save"), Role::onAccent), tr("Save"), this))
    , m_revert(new QPushButton(tr("Discard"), this))
    , m_compare(new QPushButton(themedIcon(QStringLiteral("diff")), tr("Compare twin"), this))
    , m_more(new QToolButton(this))
    , m_link(new QAction(tr("Link a twin"), this))
    , m_remove(new QAction(tr("Remove this case"), this))
{
    m_actions = makeActions(undo);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeNames());
    layout->addWidget(m_actions);
    for (QComboBox* combo : {m_disposition, m_status})
        connect(combo, &QComboBox::currentIndexChanged, this, [this] {
            if (!m_filling)
                Q_EMIT edited();
        });
    connect(m_save, &QPushButton::clicked, this, &CaseHead::saveAsked);
    connect(m_revert, &QPushButton::clicked, this, &CaseHead::discardAsked);
    connect(m_compare, &QPushButton::clicked, this, &CaseHead::compareAsked);
    connect(m_link, &QAction::triggered, this, &CaseHead::linkAsked);
    connect(m_remove, &QAction::triggered, this, &CaseHead::removeAsked);
    connect(m_reveal, &QPushButton::clicked, this, [] { Reveal::instance().setOn(true); });
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QWidget* CaseHead::makeNames()
{
    m_id->setObjectName(QStringLiteral("caseIdLabel"));
    QFont idFont = monospaceFont();
    idFont.setPixelSize(sectionFont().pixelSize());
    idFont.setWeight(QFont::DemiBold);
    m_id->setFont(idFont);
    m_state->setObjectName(QStringLiteral("caseStateLabel"));
    m_state->setWordWrap(false);
    m_disposition->setObjectName(QStringLiteral("caseDispositionCombo"));
    m_disposition->setAccessibleName(tr("Disposition"));
    for (const Disposition d : {Disposition::comply, Disposition::safeComplete, Disposition::refuse, Disposition::unknown}) {
        const DispositionLook look = lookOf(d);
        m_disposition->addItem(themedIcon(look.icon, look.role), look.word, static_cast<int>(d));
    }
    m_status->setObjectName(QStringLiteral("caseStatusCombo"));
    m_status->setAccessibleName(tr("Status"));
    for (const casebase::CaseStatus status : kCaseStatuses)
        m_status->addItem(themedIcon(lookOf(status).icon), lookOf(status).word, static_cast<int>(status));
    m_reveal->setObjectName(QStringLiteral("revealCaseButton"));
    auto* bar = new QWidget(this);
    bar->setFixedHeight(kBarHeight);
    auto* layout = new QHBoxLayout(bar);
    layout->setContentsMargins(16, 0, 12, 1);
    layout->setSpacing(8);
    auto* names = new QVBoxLayout;
    names->setSpacing(0);
    names->addStretch();
    names->addWidget(m_id);
    names->addWidget(m_state);
    names->addStretch();
    layout->addLayout(names);
    layout->addStretch();
    layout->addWidget(m_reveal);
    layout->addWidget(m_disposition);
    layout->addWidget(m_status);
    return bar;
}

QWidget* CaseHead::makeActions(QUndoStack* undo)
{
    m_save->setObjectName(QStringLiteral("saveCaseButton"));
    m_save->setProperty("primary", true);
    m_revert->setObjectName(QStringLiteral("revertCaseButton"));
    m_revert->setToolTip(tr("Back to what is stored"));
    m_compare->setObjectName(QStringLiteral("compareTwinButton"));
    m_link->setObjectName(QStringLiteral("linkTwin"));
    m_remove->setObjectName(QStringLiteral("removeCase"));
    m_more->setObjectName(QStringLiteral("caseMoreButton"));
    m_more->setAccessibleName(tr("More"));
    m_more->setIcon(themedIcon(QStringLiteral("more")));
    m_more->setProperty("plain", true);
    auto* menu = new QMenu(m_more);
    menu->addActions({m_link, m_remove});
    // Not as the button's own menu, which would bring an arrow with it.
    connect(m_more, &QToolButton::clicked, menu, [this, menu] { menu->popup(m_more->mapToGlobal(QPoint(0, m_more->height()))); });
    auto* bar = new QWidget(this);
    bar->setFixedHeight(kBarHeight);
    auto* layout = new QHBoxLayout(bar);
    layout->setContentsMargins(16, 0, 12, 1);
    layout->setSpacing(8);
    layout->addWidget(m_save);
    for (const auto& [action, icon, name] : {std::tuple{undo->createUndoAction(this, tr("Undo")), "undo", "caseUndoButton"},
             {undo->createRedoAction(this, tr("Redo")), "redo", "caseRedoButton"}}) {
        action->setIcon(themedIcon(QString::fromLatin1(icon)));
        auto* button = new QToolButton(bar);
        button->setObjectName(QString::fromLatin1(name));
        button->setDefaultAction(action);
        button->setToolButtonStyle(Qt::ToolButtonIconOnly);
        button->setProperty("plain", true);
        layout->addWidget(button);
    }
    layout->addWidget(m_revert);
    layout->addStretch();
    layout->addWidget(m_compare);
    layout->addWidget(m_more);
    return bar;
}

void CaseHead::setCase(const QString& name, Disposition disposition, casebase::CaseStatus status)
{
    m_filling = true;
    m_id->setText(name);
    m_disposition->setCurrentIndex(m_disposition->findData(static_cast<int>(disposition)));
    m_status->setCurrentIndex(m_status->findData(static_cast<int>(status)));
    m_filling = false;
}

void CaseHead::setState(const QString& words, bool canSave, bool canDiscard)
{
    m_state->setText(words);
    m_save->setEnabled(canSave);
    m_revert->setVisible(canDiscard);
}

void CaseHead::setEditable(bool editable)
{
    m_disposition->setEnabled(editable);
    m_status->setEnabled(editable);
    m_save->setVisible(editable);
    m_more->setVisible(editable);
    m_actions->setVisible(editable);
}

void CaseHead::setHidden(bool hidden) { m_reveal->setVisible(hidden); }

void CaseHead::setKind(bool isNew, bool hasTwin)
{
    m_compare->setVisible(hasTwin);
    m_link->setEnabled(!isNew);
    m_remove->setEnabled(!isNew);
}

Disposition CaseHead::disposition() const { return static_cast<Disposition>(m_disposition->currentData().toInt()); }

casebase::CaseStatus CaseHead::status() const { return static_cast<casebase::CaseStatus>(m_status->currentData().toInt()); }

void CaseHead::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    for (int y = kBarHeight - 1; y < height(); y += kBarHeight)
        painter.fillRect(QRect(0, y, width(), 1), Theme::instance().color(Role::border));
}

} // namespace precedent::ui
