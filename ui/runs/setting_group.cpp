#include "ui/runs/setting_group.h"

#include <algorithm>

#include <QGridLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

#include "ui/shell/card.h"
#include "ui/shell/icon_label.h"
#include "ui/shell/icons.h"
#include "ui/shell/style.h"
#include "ui/shell/type_scale.h"

namespace precedent::ui {
namespace {

constexpr int kRow = 40;
constexpr int kNameWidth = 168;
constexpr int kFieldWidth = 184;
constexpr int kGap = 16;
constexpr int kOpenHead = 36; ///< 8 of it above the words
constexpr int kClosedHead = 32;
constexpr int kArrow = 12;

QFont strong()
{
    QFont font = bodyFont();
    font.setWeight(QFont::DemiBold);
    return font;
}

QFont keyFont()
{
    QFont font = monospaceFont();
    font.setPixelSize(secondaryFont().pixelSize());
    return font;
}

/// What a row is called, with its key in small.
QWidget* nameOf(const QString& title, const QString& key, QWidget* field, QWidget* parent)
{
    auto* names = new QWidget(parent);
    auto* words = new QLabel(title, names);
    words->setBuddy(field);
    auto* small = new QuietLabel(key.section(QLatin1Char('.'), -1), keyFont(), names);
    small->setWordWrap(false);
    small->setToolTip(key);
    auto* lines = new QVBoxLayout(names);
    lines->setContentsMargins(0, 3, 0, 3);
    lines->setSpacing(0);
    lines->addWidget(words);
    lines->addWidget(small);
    names->setFixedWidth(kNameWidth);
    return names;
}

QGridLayout* gridOf(QWidget* row)
{
    auto* grid = new QGridLayout(row);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(kGap);
    grid->setVerticalSpacing(0);
    grid->setColumnStretch(2, 1);
    return grid;
}

} // namespace

QWidget* fixedRow(const QString& title, const QString& key, QWidget* field, QWidget* note, QWidget* parent)
{
    auto* row = new QWidget(parent);
    auto* grid = gridOf(row);
    grid->setColumnMinimumWidth(1, kFieldWidth);
    field->setMaximumWidth(kFieldWidth);
    grid->addWidget(nameOf(title, key, field, row), 0, 0, Qt::AlignVCenter);
    grid->addWidget(field, 0, 1, Qt::AlignVCenter | Qt::AlignLeft);
    grid->addWidget(note, 0, 2, Qt::AlignVCenter | Qt::AlignLeft);
    row->setMinimumHeight(kRow);
    return row;
}

SettingRow::SettingRow(const Setting& setting, const Edited& edited, QWidget* parent)
    : QWidget(parent)
    , m_setting(setting)
    , m_field(makeField(setting, this, edited))
    , m_alert(new IconLabel(QStringLiteral("alert"), Role::warning, this))
    , m_note(new QLabel(this))
{
    m_note->setObjectName(setting.key + QStringLiteral("Note"));
    m_note->setWordWrap(true);
    auto* grid = gridOf(this);
    auto* notes = new QHBoxLayout;
    notes->setSpacing(8);
    notes->addWidget(m_alert);
    notes->addWidget(m_note, 1);
    if (setting.kind == Setting::Kind::weights) {
        grid->addWidget(m_field.widget, 0, 0, 1, 3);
        grid->addLayout(notes, 1, 0, 1, 3);
    } else {
        grid->addWidget(nameOf(setting.title, setting.key, m_field.widget, this), 0, 0, m_field.wide ? Qt::AlignTop : Qt::AlignVCenter);
        if (m_field.wide) {
            auto* both = new QVBoxLayout;
            both->setContentsMargins(0, 6, 0, 6);
            both->setSpacing(2);
            both->addWidget(m_field.widget);
            both->addLayout(notes);
            grid->addLayout(both, 0, 1, 1, 2);
            m_note->setFont(secondaryFont());
        } else {
            if (m_field.widget->sizePolicy().horizontalPolicy() != QSizePolicy::Fixed && m_field.widget->maximumWidth() > kFieldWidth)
                m_field.widget->setFixedWidth(kFieldWidth);
            grid->setColumnMinimumWidth(1, kFieldWidth);
            grid->addWidget(m_field.widget, 0, 1, Qt::AlignVCenter | Qt::AlignLeft);
            grid->addLayout(notes, 0, 2);
        }
        setMinimumHeight(kRow);
    }
    connect(&Theme::instance(), &Theme::changed, this, &SettingRow::showNote);
    showNote();
}

void SettingRow::setNote(const QString& note)
{
    m_setting.note = note;
    showNote();
}

void SettingRow::setWarning(const QString& warning)
{
    m_warning = warning;
    showNote();
}

void SettingRow::showNote()
{
    const bool warns = !m_warning.isEmpty();
    m_note->setText(warns ? m_warning : m_setting.note);
    m_note->setVisible(!m_note->text().isEmpty());
    m_alert->setVisible(warns);
    m_field.widget->setAccessibleDescription(m_note->text());
    setTextColor(*m_note, warns ? Role::warning : Role::secondary);
}

void SettingRow::focusField() { m_field.widget->setFocus(Qt::OtherFocusReason); }

GroupHead::GroupHead(const QString& title, QWidget* parent)
    : QAbstractButton(parent)
{
    setText(title);
    setAccessibleName(title);
    setCheckable(true);
    setFocusPolicy(Qt::StrongFocus);
    setAttribute(Qt::WA_Hover);
    setCursor(Qt::PointingHandCursor);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(this, &QAbstractButton::toggled, this, &QWidget::updateGeometry);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QSize GroupHead::sizeHint() const { return {kNameWidth + kGap, isChecked() ? kOpenHead : kClosedHead}; }

void GroupHead::setWords(const QString& beside, const QString& side, const QString& summary, bool troubled)
{
    m_beside = beside;
    m_side = side;
    m_summary = summary;
    m_troubled = troubled;
    setAccessibleDescription(summary);
    setToolTip(isChecked() ? QString() : summary);
    update();
}

void GroupHead::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        return click();
    QAbstractButton::keyPressEvent(event);
}

void GroupHead::paintEvent(QPaintEvent*)
{
    const Theme& theme = Theme::instance();
    QPainter painter(this);
    const bool open = isChecked();
    const QRect words = rect().adjusted(0, open ? 8 : 0, 0, -1);
    if (hasFocus()) {
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(theme.color(Role::accent), 2));
        painter.drawRoundedRect(QRectF(words).adjusted(1, 1, -1, -1), kRadius, kRadius);
        painter.setRenderHint(QPainter::Antialiasing, false);
    }
    const int inset = hasFocus() ? 4 : 0;
    paintIcon(painter, QRectF(inset, words.center().y() - kArrow / 2.0 + 1, kArrow, kArrow),
        open ? QStringLiteral("down") : QStringLiteral("right"), theme.color(underMouse() ? Role::text : Role::secondary));
    painter.setFont(strong());
    painter.setPen(theme.color(Role::text));
    const QRect title = words.adjusted(kArrow + 8, 0, 0, 0);
    painter.drawText(title, Qt::AlignVCenter | Qt::AlignLeft, text());
    if (!open) {
        const QRect summary = words.adjusted(kNameWidth + kGap, 0, 0, 0);
        painter.setFont(bodyFont());
        painter.setPen(theme.color(m_troubled ? Role::warning : Role::secondary));
        painter.drawText(
            summary, Qt::AlignVCenter | Qt::AlignLeft, QFontMetrics(bodyFont()).elidedText(m_summary, Qt::ElideRight, summary.width()));
        return;
    }
    const int taken = kArrow + 8 + painter.fontMetrics().horizontalAdvance(text()) + 12;
    painter.setFont(secondaryFont());
    painter.setPen(theme.color(Role::secondary));
    painter.drawText(words.adjusted(taken, 0, 0, 0), Qt::AlignVCenter | Qt::AlignLeft, m_beside);
    painter.drawText(words.adjusted(0, 0, -inset, 0), Qt::AlignVCenter | Qt::AlignRight, m_side);
    painter.fillRect(QRect(0, height() - 1, width(), 1), theme.color(Role::border));
}

SettingGroupView::SettingGroupView(const SettingGroup& group, QWidget* parent)
    : QWidget(parent)
    , m_id(group.id)
    , m_head(new GroupHead(group.title, this))
    , m_body(new QWidget(this))
    , m_layout(new QVBoxLayout(m_body))
    , m_nothing(new QuietLabel(tr("Nothing in here has an effect on this run."), bodyFont(), m_body))
{
    setObjectName(QStringLiteral("group_") + group.id);
    m_head->setObjectName(QStringLiteral("head_") + group.id);
    m_layout->setContentsMargins(0, 0, 0, 4);
    m_layout->setSpacing(0);
    m_layout->addWidget(m_nothing);
    m_nothing->setMinimumHeight(kRow);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(m_head);
    layout->addWidget(m_body);
    connect(m_head, &QAbstractButton::toggled, this, [this](bool open) {
        m_body->setVisible(open);
        showHead();
    });
    m_body->setVisible(group.open);
    m_head->setChecked(group.open);
}

void SettingGroupView::add(SettingRow* row)
{
    m_rows.push_back(row);
    m_layout->addWidget(row);
}

void SettingGroupView::insert(int at, QWidget* row) { m_layout->insertWidget(at + 1, row); } // behind m_nothing

void SettingGroupView::setOpen(bool open) { m_head->setChecked(open); }

void SettingGroupView::follow(const core::RunSpec& spec)
{
    bool any = false;
    for (SettingRow* row : m_rows) {
        const bool matters = row->setting().matters == nullptr || row->setting().matters(spec);
        row->setVisible(matters);
        any = any || matters;
    }
    m_nothing->setVisible(!any);
    m_summary = summaryOf(m_id, spec);
    m_side.clear();
    if (m_id == QLatin1String("rewards") && any)
        m_side = spec.rewardJudge == core::RunSpec().rewardJudge ? tr("judge: built-in, check it on your own model's answers")
                                                                 : tr("judge: %1").arg(QString::fromStdString(spec.rewardJudge));
    showHead();
}

void SettingGroupView::setProblem(const QString& problem)
{
    m_problem = problem;
    showHead();
}

void SettingGroupView::showHead()
{
    m_head->setWords(m_id == QLatin1String("rewards") && m_nothing->isHidden() ? tr("each label can earn 1 at most") : QString(), m_side,
        m_problem.isEmpty() ? m_summary : m_problem, !m_problem.isEmpty());
}

} // namespace precedent::ui
