#pragma once

#include <QColor>
#include <QVector>
#include <QWidget>

#include <functional>
#include <vector>

class QCPItemLine;
class QCPItemRect;
class QCPItemText;
class QCustomPlot;
class QLabel;

namespace precedent::ui {

/// One small chart of values over steps: a title, the values at the cursor (or the last ones), thin grid, a label at each line's end.
/// The wheel zooms along the steps, dragging moves, a double click shows everything again. Saved as PNG from the context menu.
class CurvePanel final : public QWidget {
    Q_OBJECT
public:
    struct Series {
        QString label; ///< empty where there is one line
        std::function<QColor()> color; ///< asked at each change of theme
    };
    CurvePanel(const QString& title, QVector<Series> series, int decimals, QWidget* parent = nullptr);

    /// Values of every series at `steps`; NaN leaves a gap.
    void setData(const QVector<double>& steps, const QVector<QVector<double>>& values, double lastStep);
    /// Stretches of steps to be looked at: a triangle on the axis where each begins, a band as long as it goes on, and the words as the
    /// chart's tooltip.
    struct Mark {
        double from;
        double to;
        QString text;
    };
    void setMarks(const QVector<Mark>& marks);
    [[nodiscard]] int markCount() const { return static_cast<int>(m_marks.size()); }
    void setCursorStep(double step); ///< below 0: none
    void setStepRange(double from, double to);

    [[nodiscard]] int pointCount() const { return static_cast<int>(m_steps.size()); }

Q_SIGNALS:
    void cursorMoved(double step); ///< below 0 where the pointer left
    void rangeChanged(double from, double to);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void restyle();
    void rescale();
    void showValues();
    void placeMarks();
    void placeLabels();
    void saveAsPng();

    QVector<Series> m_series;
    int m_decimals;
    QVector<double> m_steps;
    QVector<QVector<double>> m_values;
    QVector<QVector<double>> m_means; ///< running, of m_values
    double m_lastStep = 1;
    double m_cursor = -1;
    bool m_zoomed = false;
    QLabel* m_title;
    QLabel* m_readout;
    QCustomPlot* m_plot;
    QCPItemLine* m_cursorLine;
    QVector<QCPItemText*> m_labels;
    QVector<Mark> m_marks;
    QVector<QCPItemText*> m_markSigns;
    QVector<QCPItemRect*> m_markBands;
};

/// From now on these share one cursor and one range of steps.
void linkCurves(const std::vector<CurvePanel*>& panels);

} // namespace precedent::ui
